# Entries of ctest. Behind each stands tests/runner/run_entry.py, which makes an entry red whenever a case fails, and
# "skipped" only where every case was skipped: CMake's SKIP_REGULAR_EXPRESSION would turn a failure beside a skip green.
get_filename_component(FP4_TEST_RUNNER ${CMAKE_CURRENT_LIST_DIR}/../tests/runner ABSOLUTE)
set(FP4_TEST_RESULTS ${CMAKE_BINARY_DIR}/Testing/results)
find_program(FP4_PYTHON NAMES python3 REQUIRED)

# fp4_test_entry(NAME KIND gtest|unittest COMMAND … [PYTHON interpreter] [TIMEOUT seconds] [PROCESSORS count] [SERIAL]
#   [LABELS …] [ENVIRONMENT …])
function(fp4_test_entry name)
  cmake_parse_arguments(ARG "SERIAL" "KIND;TIMEOUT;PYTHON;PROCESSORS" "COMMAND;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_PYTHON)
    set(ARG_PYTHON ${FP4_PYTHON})
  endif()
  add_test(NAME ${name} COMMAND ${ARG_PYTHON} ${FP4_TEST_RUNNER}/run_entry.py --name ${name} --results ${FP4_TEST_RESULTS}
    ${ARG_KIND} ${ARG_COMMAND})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
  if(ARG_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
  if(ARG_PROCESSORS)
    set_tests_properties(${name} PROPERTIES PROCESSORS ${ARG_PROCESSORS})
  endif()
  # Apart from the list above: they may be empty or lists themselves.
  set_property(TEST ${name} PROPERTY LABELS ${ARG_LABELS})
  set_property(TEST ${name} PROPERTY ENVIRONMENT PYTHONDONTWRITEBYTECODE=1 ${ARG_ENVIRONMENT})
endfunction()

# fp4_python_tests(PREFIX FILE [as fp4_test_entry]): an entry PREFIX.MODULE.METHOD for each test method of a Python file.
function(fp4_python_tests prefix file)
  get_filename_component(module ${file} NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  execute_process(COMMAND ${FP4_PYTHON} ${FP4_TEST_RUNNER}/list_unittests.py ${file}
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" found "${found}")
  foreach(line ${found})
    separate_arguments(line)
    list(GET line 0 class)
    list(GET line 1 method)
    fp4_test_entry(${prefix}.${module}.${method} KIND unittest COMMAND ${file} ${class} ${method} ${ARGN})
  endforeach()
endfunction()

# Every *_test.cc below a folder must belong to a test: what no list names is never compiled, and never fails.
function(fp4_check_tests_listed folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*_test.cc ${folder}/*_test.cu)
  get_property(listed GLOBAL PROPERTY FP4_TEST_SOURCES)
  foreach(source ${sources})
    if(NOT source IN_LIST listed)
      message(FATAL_ERROR "${source} belongs to no test: add it to an fp4_test() of the CMakeLists.txt beside it")
    endif()
  endforeach()
endfunction()

# fp4_list_test_sources(SOURCES …): these belong to a test of the calling folder.
function(fp4_list_test_sources)
  foreach(source ${ARGN})
    get_filename_component(source ${source} ABSOLUTE)
    set_property(GLOBAL APPEND PROPERTY FP4_TEST_SOURCES ${source})
  endforeach()
endfunction()
