# cmake -D COMPILER=… -D FLAGS=… -D FILE=… -P check.cmake
# Compiles FILE twice. As it is it must compile; with ZONDA_MISUSE defined it must not, and the error must
# contain the text behind "// error: " in its first line, so that it fails for the right reason.
file(STRINGS ${FILE} first_line LIMIT_COUNT 1)
string(REGEX REPLACE "^// error: " "" expected "${first_line}")
set(compile ${COMPILER} ${FLAGS} -std=c++20 -DMSGPACK_NO_BOOST -fsyntax-only
    -fno-diagnostics-show-caret ${FILE})

execute_process(COMMAND ${compile} RESULT_VARIABLE code ERROR_VARIABLE errors)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the correct form does not compile:\n${errors}")
endif()

execute_process(COMMAND ${compile} -DZONDA_MISUSE RESULT_VARIABLE code ERROR_VARIABLE errors)
if(code EQUAL 0)
  message(FATAL_ERROR "the misuse compiles")
endif()
string(FIND "${errors}" "${expected}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the misuse fails for another reason than \"${expected}\":\n${errors}")
endif()
