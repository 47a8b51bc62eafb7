pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)

# unit_test(NAME SOURCES … USES … LIBRARIES …): one cmocka program, run by ctest.
function(unit_test name)
    cmake_parse_arguments(TEST "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
    add_executable(${name} ${TEST_SOURCES})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
    target_link_libraries(${name} PRIVATE ${TEST_USES} ${TEST_LIBRARIES} PkgConfig::cmocka Threads::Threads)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    if(town IN_LIST TEST_USES)
        set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED town ENVIRONMENT NESTBOX_TOWN=${town_file})
    endif()
endfunction()

# fuzz_target(NAME USES …): tests/fuzz/NAME.c.  Under the fuzz preset a libFuzzer program; elsewhere a program
# that replays tests/fuzz/corpus/NAME, run by ctest.
function(fuzz_target name)
    cmake_parse_arguments(FUZZ "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
    add_executable(${name} ${name}.c ${FUZZ_SOURCES})
    target_link_libraries(${name} PRIVATE ${FUZZ_USES} ${FUZZ_LIBRARIES} Threads::Threads)
    if(NESTBOX_FUZZ)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${name} PRIVATE replay.c)
        add_test(NAME ${name} COMMAND ${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    endif()
endfunction()
