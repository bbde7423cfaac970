# pt_identity(TARGET): makes "engine/identity.h", which names the sources that decide what a graph says of a tree:
#
#   #define PARSELTONGUE_IDENTITY "<16 hex digits>"
#
# A graph that was made by other sources is made anew. The same sources give the same name on every machine.

function(pt_identity target)
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/lang/*.[ch]" "${CMAKE_SOURCE_DIR}/src/index/*.[ch]"
        "${CMAKE_SOURCE_DIR}/src/graph/*.[ch]")
    list(APPEND files "${CMAKE_SOURCE_DIR}/package-lock.json")
    set(generated "${CMAKE_BINARY_DIR}/generated")
    set(script "${CMAKE_SOURCE_DIR}/cmake/IdentityFile.cmake")
    add_custom_command(
        OUTPUT "${generated}/engine/identity.h"
        COMMAND "${CMAKE_COMMAND}" "-DFILES=${files}" "-DOUTPUT=${generated}/engine/identity.h" -P "${script}"
        DEPENDS ${files} "${script}"
        COMMENT "Naming the sources"
        VERBATIM)
    target_sources(${target} PRIVATE "${generated}/engine/identity.h")
    # For tools that read the sources without building them (scripts/lint).
    add_custom_target(generated DEPENDS "${generated}/engine/identity.h")
    target_include_directories(${target} PUBLIC "${generated}")
endfunction()
