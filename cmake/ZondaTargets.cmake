# One place for what every target of Zonda has in common.
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libsodium REQUIRED IMPORTED_TARGET libsodium)
find_package(cppzmq QUIET)
if(NOT TARGET cppzmq)
  pkg_check_modules(cppzmq REQUIRED IMPORTED_TARGET cppzmq)
  add_library(cppzmq ALIAS PkgConfig::cppzmq)
endif()
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# msgpack-cxx is header-only; its own CMake package is not used, because find_package(msgpack) finds
# the C library first when both are installed.
find_path(ZONDA_MSGPACK_INCLUDE_DIR msgpack.hpp REQUIRED)
add_library(zonda_msgpack INTERFACE)
target_include_directories(zonda_msgpack SYSTEM INTERFACE $<BUILD_INTERFACE:${ZONDA_MSGPACK_INCLUDE_DIR}>)
target_compile_definitions(zonda_msgpack INTERFACE MSGPACK_NO_BOOST)

add_library(zonda_options INTERFACE)
target_compile_features(zonda_options INTERFACE cxx_std_20)
target_include_directories(zonda_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(zonda_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(zonda_options INTERFACE -Werror)
endif()
if(ZONDA_SANITIZE)
  target_compile_options(zonda_options INTERFACE -fsanitize=${ZONDA_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(zonda_options INTERFACE -fsanitize=${ZONDA_SANITIZE})
endif()
if(ZONDA_FUZZ)
  target_compile_options(zonda_options INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(zonda_options INTERFACE -fsanitize=address,undefined)
endif()

# zonda_component(name SOURCES … LINKS …): a static, position-independent part of libzonda or of the binary.
function(zonda_component name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC ${arg_LINKS} PRIVATE zonda_options)
endfunction()

# zonda_test(name SOURCES … LINKS …): a Catch2 program whose cases are registered with ctest one by one.
function(zonda_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} zonda_options Catch2::Catch2WithMain)
  target_precompile_headers(${name} REUSE_FROM zonda_catch_pch)
  catch_discover_tests(${name} PROPERTIES TIMEOUT 120 DISCOVERY_MODE PRE_TEST)
endfunction()
