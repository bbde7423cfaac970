# Unit tests, golden cases, acceptance tests, fuzz targets and benchmarks, all found by pattern.

enable_testing()

# No test leaves a daemon running, or is answered by somebody else's.
set(PT_TEST_ENVIRONMENT "PARSELTONGUE_NO_DAEMON=1")
# A sanitizer's report must not be swallowed by cmocka's own signal handlers.
list(APPEND PT_TEST_ENVIRONMENT
    "ASAN_OPTIONS=handle_segv=2:handle_abort=2:handle_sigfpe=2:handle_sigill=2:detect_stack_use_after_return=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:report_thread_leaks=0:suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.suppressions")

# Helpers that several tests share.
file(GLOB support CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/support/*.c")
add_library(pt_test_support INTERFACE)
if(support)
    add_library(pt_test_support_objects STATIC ${support})
    target_link_libraries(pt_test_support_objects PUBLIC libparseltongue)
    target_include_directories(pt_test_support_objects PUBLIC "${CMAKE_SOURCE_DIR}/tests")
    target_link_libraries(pt_test_support INTERFACE pt_test_support_objects)
endif()
target_link_libraries(pt_test_support INTERFACE libparseltongue)
target_include_directories(pt_test_support INTERFACE "${CMAKE_SOURCE_DIR}/tests")
target_compile_definitions(pt_test_support INTERFACE PARSELTONGUE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

function(pt_register_test name label)
    add_test(NAME "${name}" COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_BINARY_DIR}")
    set_tests_properties("${name}" PROPERTIES LABELS "${label}" ENVIRONMENT "${PT_TEST_ENVIRONMENT}")
endfunction()

# tests/unit/<folder>/test_<name>.c is one cmocka program and the test unit/<folder>/<name>.
file(GLOB unit_tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/unit/*/test_*.c")
if(unit_tests)
    find_path(PT_CMOCKA_INCLUDE cmocka.h)
    find_library(PT_CMOCKA_LIBRARY cmocka)
    if(NOT PT_CMOCKA_INCLUDE OR NOT PT_CMOCKA_LIBRARY)
        message(FATAL_ERROR "cmocka is missing (Debian: libcmocka-dev). Run scripts/install-deps.")
    endif()
endif()
set(pt_cli_parts ${pt_cli_sources})
list(FILTER pt_cli_parts EXCLUDE REGEX "/main\\.c$")
foreach(source IN LISTS unit_tests)
    get_filename_component(name "${source}" NAME_WE)
    string(REGEX REPLACE "^test_" "" name "${name}")
    get_filename_component(folder "${source}" DIRECTORY)
    get_filename_component(folder "${folder}" NAME)
    set(target "unit-${folder}-${name}")
    add_executable(${target} "${source}")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_include_directories(${target} SYSTEM PRIVATE "${PT_CMOCKA_INCLUDE}")
    target_link_libraries(${target} PRIVATE pt_test_support "${PT_CMOCKA_LIBRARY}")
    if(folder STREQUAL "cli") # which is not part of the library
        target_sources(${target} PRIVATE ${pt_cli_parts})
    endif()
    pt_register_test("unit/${folder}/${name}" unit ${target})
    set_tests_properties("unit/${folder}/${name}" PROPERTIES TIMEOUT 300)
endforeach()

# tests/crash/test_<name>.c: power cuts, by tests/support/disk.h; the program crash-<name>, the test crash/<name>.
file(GLOB crash_tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/crash/test_*.c")
foreach(source IN LISTS crash_tests)
    get_filename_component(name "${source}" NAME_WE)
    string(REGEX REPLACE "^test_" "" name "${name}")
    add_executable(crash-${name} "${source}")
    set_target_properties(crash-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_include_directories(crash-${name} SYSTEM PRIVATE "${PT_CMOCKA_INCLUDE}")
    target_link_libraries(crash-${name} PRIVATE pt_test_support "${PT_CMOCKA_LIBRARY}")
    pt_register_test("crash/${name}" crash crash-${name})
    set_tests_properties("crash/${name}" PROPERTIES TIMEOUT 900)
endforeach()

# tests/equality: indexes that follow edits against clean ones, on the small trees beside it and on the golden cases:
# equality in memory, equality-follow on disk.
foreach(name equality follow)
    set(target "equality-${name}")
    if(name STREQUAL "equality")
        set(target equality)
    endif()
    add_executable(${target} "${CMAKE_SOURCE_DIR}/tests/equality/${name}.c" "${CMAKE_SOURCE_DIR}/tests/equality/edits.c")
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    target_link_libraries(${target} PRIVATE pt_test_support)
endforeach()
target_sources(equality-follow PRIVATE "${CMAKE_SOURCE_DIR}/tests/equality/tree_edits.c")
file(GLOB trees CONFIGURE_DEPENDS LIST_DIRECTORIES true "${CMAKE_SOURCE_DIR}/tests/equality/*")
list(FILTER trees EXCLUDE REGEX "[.][ch]$")
file(GLOB cases CONFIGURE_DEPENDS LIST_DIRECTORIES true "${CMAKE_SOURCE_DIR}/tests/units/*")
list(FILTER cases EXCLUDE REGEX "/run$")
pt_register_test(equality/trees equality equality --steps 400 ${trees})
pt_register_test(equality/units equality equality --steps 25 ${cases})
pt_register_test(equality/follow equality equality-follow --seconds 6 ${trees})
set_tests_properties(equality/trees equality/units equality/follow PROPERTIES TIMEOUT 300)

# Runners in other languages, tests/<suite>/run: each takes the path of the program.
file(GLOB runners CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/*/run")
foreach(runner IN LISTS runners)
    get_filename_component(suite "${runner}" DIRECTORY)
    get_filename_component(suite "${suite}" NAME)
    if(TARGET parseltongue)
        pt_register_test("${suite}" "${suite}" "${runner}" "$<TARGET_FILE:parseltongue>")
    endif()
endforeach()
foreach(suite units cli daemon)
    if(TEST ${suite})
        set_tests_properties(${suite} PROPERTIES TIMEOUT 300)
    endif()
endforeach()
if(TEST acceptance)
    set_tests_properties(acceptance PROPERTIES TIMEOUT 1200)
endif()

# tests/fuzz/fuzz_<name>.c: a libFuzzer program in the preset fuzz.
if(PT_FUZZ)
    file(GLOB fuzz_targets CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c")
    foreach(source IN LISTS fuzz_targets)
        get_filename_component(target "${source}" NAME_WE)
        add_executable(${target} "${source}")
        target_link_libraries(${target} PRIVATE pt_test_support)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    endforeach()
endif()

# bench/<name>.c: always built, so that no benchmark rots; never run by CTest.
file(GLOB benchmarks CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.c")
foreach(source IN LISTS benchmarks)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(bench-${name} "${source}")
    set_target_properties(bench-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
    target_include_directories(bench-${name} PRIVATE "${CMAKE_SOURCE_DIR}/bench")
    target_link_libraries(bench-${name} PRIVATE libparseltongue)
endforeach()

# examples/<name>.c: the program examples/<name>, built as its users build theirs: C11, and nothing of the library but
# include/. tests/examples/run runs them.
file(GLOB examples CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/*.c")
foreach(source IN LISTS examples)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(example-${name} "${source}")
    set_target_properties(example-${name} PROPERTIES OUTPUT_NAME "${name}" C_STANDARD 11
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/examples")
    target_include_directories(example-${name} PRIVATE "${CMAKE_SOURCE_DIR}/include")
    target_compile_options(example-${name} PRIVATE -pedantic)
    target_link_libraries(example-${name} PRIVATE pt_flags $<LINK_ONLY:libparseltongue>)
endforeach()

# Each public header alone, as C11 and as C++11 (for which clang serves, whatever compiles the rest).
find_program(PT_CLANG clang REQUIRED)
file(GLOB public_headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/include/parseltongue/*.h")
foreach(header IN LISTS public_headers)
    get_filename_component(name "${header}" NAME_WE)
    set(alone -fsyntax-only -pedantic -Wall -Wextra -Werror -I "${CMAKE_SOURCE_DIR}/include")
    pt_register_test("header/${name}/c" header "${CMAKE_C_COMPILER}" -x c -std=c11 ${alone} "${header}")
    pt_register_test("header/${name}/c++" header "${PT_CLANG}" -x c++ -std=c++11 ${alone} "${header}")
endforeach()
