# pt_embed(TARGET ROOT): makes every .scm query under ROOT includable as a C header.
#
#   src/lang/rust.scm  ->  #include "lang/rust.scm.h"   static const char rust_scm[], NUL-terminated
#
# The queries stay plain files, for editors and for tree-sitter's own tools; the program carries them inside.

function(pt_embed target root)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS "${root}/*.scm")
    set(headers)
    set(generated "${CMAKE_BINARY_DIR}/generated")
    foreach(file IN LISTS files)
        file(RELATIVE_PATH name "${root}" "${file}")
        add_custom_command(
            OUTPUT "${generated}/${name}.h"
            COMMAND "${CMAKE_COMMAND}" "-DINPUT=${file}" "-DOUTPUT=${generated}/${name}.h"
                -P "${CMAKE_SOURCE_DIR}/cmake/EmbedFile.cmake"
            DEPENDS "${file}" "${CMAKE_SOURCE_DIR}/cmake/EmbedFile.cmake"
            COMMENT "Embedding ${name}"
            VERBATIM)
        list(APPEND headers "${generated}/${name}.h")
    endforeach()
    target_sources(${target} PRIVATE ${headers})
    # For tools that read the sources without building them (scripts/lint).
    add_custom_target(generated DEPENDS ${headers})
    target_include_directories(${target} PUBLIC "${generated}")
endfunction()
