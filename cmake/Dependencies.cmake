# Libraries of the system, gathered in the interface target pt_dependencies.
# Static archives where Debian has them, so that the program needs little more than glibc.
# To add one: a line here, and its package in scripts/install-deps.

add_library(pt_dependencies INTERFACE)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
target_link_libraries(pt_dependencies INTERFACE Threads::Threads m)

function(pt_dependency package header library)
    string(TOUPPER "${library}" id)
    find_path(PT_${id}_INCLUDE "${header}")
    find_library(PT_${id}_LIBRARY NAMES "lib${library}.a" "lib${library}_a.a" "${library}")
    if(NOT PT_${id}_INCLUDE OR NOT PT_${id}_LIBRARY)
        message(FATAL_ERROR "${header} or lib${library} is missing (Debian: ${package}). Run scripts/install-deps.")
    endif()
    target_include_directories(pt_dependencies SYSTEM INTERFACE "${PT_${id}_INCLUDE}")
    target_link_libraries(pt_dependencies INTERFACE "${PT_${id}_LIBRARY}")
endfunction()

pt_dependency(libxxhash-dev xxhash.h xxhash)
pt_dependency(libpopt-dev popt.h popt)
pt_dependency(libuv1-dev uv.h uv)
pt_dependency(libjansson-dev jansson.h jansson)
pt_dependency(libinih-dev ini.h inih)
