# Tests of the headers in each language, of the installed package, and of the documents.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# The headers compile cleanly in every language and standard we promise, with
# the compiler in use and with clang if there is one.
set(cxx_compilers ${CMAKE_CXX_COMPILER})
set(c_compilers ${CMAKE_C_COMPILER})
find_program(OPENLTS_CLANG NAMES clang clang-16 clang-15 clang-14)
find_program(OPENLTS_CLANGXX NAMES clang++ clang++-16 clang++-15 clang++-14)
if(OPENLTS_CLANG AND OPENLTS_CLANGXX)
  list(APPEND c_compilers ${OPENLTS_CLANG})
  list(APPEND cxx_compilers ${OPENLTS_CLANGXX})
else()
  message(STATUS "No clang was found: the headers are tested with ${CMAKE_CXX_COMPILER_ID} only")
endif()

function(header_test compiler name)
  get_filename_component(compiler_name ${compiler} NAME)
  add_test(NAME header.${compiler_name}.${name}
    COMMAND ${compiler} ${ARGN} ${warnings} -pedantic -fsyntax-only -I${include_directory})
endfunction()

set(header_c ${CMAKE_CURRENT_SOURCE_DIR}/header.c)
foreach(compiler IN LISTS c_compilers)
  foreach(standard 89 99 11 17 2x)
    header_test(${compiler} c${standard} -std=c${standard} -Wstrict-prototypes -x c ${header_c})
  endforeach()
endforeach()
foreach(compiler IN LISTS cxx_compilers)
  header_test(${compiler} cpp98 -std=c++98 -Wno-long-long -x c++ ${header_c})
  foreach(standard 11 14 17 20 2b)
    header_test(${compiler} cpp${standard} -std=c++${standard} -x c++ ${header_c})
  endforeach()
  foreach(standard 17 20 2b)
    set(settings -std=c++${standard} -Wconversion -Wsign-conversion -Wshadow
      ${CMAKE_CURRENT_SOURCE_DIR}/header.cpp)
    header_test(${compiler} hpp${standard} ${settings})
    header_test(${compiler} hpp${standard}.no_exceptions -fno-exceptions ${settings})
  endforeach()
endforeach()

foreach(compiler IN LISTS c_compilers)
  get_filename_component(compiler_name ${compiler} NAME)
  add_test(NAME promised.${compiler_name}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/promised_test.sh ${compiler} ${include_directory})
endforeach()

add_test(NAME package
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/package_test.sh
    ${CMAKE_COMMAND} ${PROJECT_BINARY_DIR} ${CMAKE_INSTALL_LIBDIR} ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
# It takes longest, as it builds the library once more: it begins first, beside the others.
set_tests_properties(package PROPERTIES COST 100)
foreach(page README.md docs/cpp.md)
  add_test(NAME documentation.${page}
    COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/documentation_test.py
      ${openlts_testbed} ${PROJECT_SOURCE_DIR}/${page} ${include_directory} -- ${CMAKE_C_COMPILER} ${CMAKE_CXX_COMPILER})
endforeach()
