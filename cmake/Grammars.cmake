# ptgrammars: the C library of tree-sitter and the grammars, all from the npm packages that package-lock.json pins.
# Compiled with -O2 and without sanitizers in every build: it is not our code, and an unoptimised parser would
# make every test slow.

set(modules "${CMAKE_SOURCE_DIR}/node_modules")
set(tree_sitter "${modules}/tree-sitter/vendor/tree-sitter/lib")

set(PT_GRAMMARS
    tree-sitter-c/src
    tree-sitter-javascript/src
    tree-sitter-python/src
    tree-sitter-rust/src
    tree-sitter-typescript/tsx/src
    tree-sitter-typescript/typescript/src)

# The library and the parsers are compiled through files of ours, which include them: see there why.
set(sources "${tree_sitter}/src/lib.c")
set(compiled "${CMAKE_SOURCE_DIR}/cmake/grammars/library.c")
foreach(grammar IN LISTS PT_GRAMMARS)
    list(APPEND sources "${modules}/${grammar}/parser.c")
    set(parser "${CMAKE_BINARY_DIR}/generated/grammars/${grammar}/parser.c")
    configure_file("${CMAKE_SOURCE_DIR}/cmake/grammars/parser.c.in" "${parser}" @ONLY)
    set_source_files_properties("${parser}" PROPERTIES
        INCLUDE_DIRECTORIES "${modules}/${grammar}" OBJECT_DEPENDS "${modules}/${grammar}/parser.c")
    list(APPEND compiled "${parser}")
    # Not every grammar has a scanner; C does not.
    if(EXISTS "${modules}/${grammar}/scanner.c")
        list(APPEND sources "${modules}/${grammar}/scanner.c")
        list(APPEND compiled "${modules}/${grammar}/scanner.c")
        # Each grammar is compiled against the tree_sitter/parser.h that was generated with it.
        set_source_files_properties("${modules}/${grammar}/scanner.c" PROPERTIES
            INCLUDE_DIRECTORIES "${modules}/${grammar}")
    endif()
endforeach()

foreach(source IN LISTS sources)
    if(NOT EXISTS "${source}")
        file(RELATIVE_PATH missing "${CMAKE_SOURCE_DIR}" "${source}")
        message(FATAL_ERROR
            "${missing} is missing: tree-sitter and its grammars come from npm. "
            "Run `npm ci --ignore-scripts`, or scripts/run, which installs all that is needed.")
    endif()
endforeach()

add_library(ptgrammars STATIC ${compiled})
target_compile_options(ptgrammars PRIVATE -O2 -g0 -w)
target_compile_definitions(ptgrammars PRIVATE _GNU_SOURCE)
target_include_directories(ptgrammars PRIVATE "${tree_sitter}/src")
target_include_directories(ptgrammars SYSTEM PUBLIC "${tree_sitter}/include")

# This one file reads trees as they lie in memory: it needs the library's own headers.
set_source_files_properties("${CMAKE_SOURCE_DIR}/src/lang/cursor.c" PROPERTIES
    COMPILE_OPTIONS "-isystem;${tree_sitter}/src")

# A change of the lock file means other sources: configure again.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    "${CMAKE_SOURCE_DIR}/package-lock.json" "${modules}/.package-lock.json")
