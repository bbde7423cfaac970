# Compiler and linker flags of our own code, carried by the interface target pt_flags.
# Third-party code (cmake/Grammars.cmake) does not link to it and so gets none of them.

set(PT_SANITIZE "" CACHE STRING "Sanitizers of our code, as -fsanitize= takes them")
option(PT_FUZZ "Build tests/fuzz with libFuzzer (needs clang)" OFF)
option(PT_COVERAGE "Instrument our code for gcov" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()

# CMake's own Release flags define NDEBUG; here assertions stay on in every build.
# -O1 and not -Og, at which gcc refuses to inline what xxhash marks always_inline.
set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")

add_library(pt_flags INTERFACE)
target_compile_definitions(pt_flags INTERFACE _GNU_SOURCE)
target_compile_options(pt_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Werror
    -fno-omit-frame-pointer
    # No path of the building machine in __FILE__.
    "-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=")

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_link_options(pt_flags INTERFACE -static-libgcc)
endif()

if(PT_SANITIZE)
    target_compile_options(pt_flags INTERFACE "-fsanitize=${PT_SANITIZE}" -fno-sanitize-recover=all)
    target_link_options(pt_flags INTERFACE "-fsanitize=${PT_SANITIZE}")
endif()

if(PT_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "libFuzzer comes with clang: cmake --preset fuzz")
    endif()
    # Instrumented for coverage feedback everywhere; only the targets of tests/fuzz get libFuzzer's main().
    target_compile_options(pt_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(pt_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(PT_COVERAGE)
    target_compile_options(pt_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(pt_flags INTERFACE --coverage)
endif()
