# Warnings and optimisation of our own code; foreign headers come in as SYSTEM.
#
# Builds with Visual C++ and clang-cl: not verified on Windows. So warnings are no errors there yet.
include(CheckIPOSupported)
check_ipo_supported(RESULT iocp_net_ipo OUTPUT iocp_net_ipo_output LANGUAGES CXX)

function(iocp_net_compile_options target)
  if(MSVC)
    # CMake's defaults optimise; what they leave out is the language as it is written. A backend's constants are
    # variables in the simulation, so a condition that is constant (C4127) is meant.
    target_compile_options(${target} PRIVATE /W4 /wd4127 /permissive- /utf-8 /Zc:__cplusplus /volatile:iso)
  else()
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2> $<$<CONFIG:Debug>:-Og>)
    # GNU's extensions of the language show in the build for Windows on arm64, which Clang makes.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wgnu>)
  endif()
  if(WIN32)
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX UNICODE _UNICODE)
  else()
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
  endif()
  if(MSVC AND IOCP_NET_SANITIZE)
    message(FATAL_ERROR "iocp-net: the sanitizers are GCC's and Clang's; build without IOCP_NET_SANITIZE")
  elseif(IOCP_NET_SANITIZE STREQUAL "address")
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  elseif(IOCP_NET_SANITIZE STREQUAL "thread")
    set(sanitize -fsanitize=thread -fno-omit-frame-pointer)
  elseif(IOCP_NET_SANITIZE)
    message(FATAL_ERROR "IOCP_NET_SANITIZE is 'address' or 'thread', not '${IOCP_NET_SANITIZE}'")
  endif()
  if(IOCP_NET_SANITIZE)
    target_compile_options(${target} PRIVATE ${sanitize})
    target_link_options(${target} PUBLIC ${sanitize})
  elseif(iocp_net_ipo)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION_RELEASE ON)
  endif()
endfunction()

# A program that needs no compiler's library beside it.
function(iocp_net_link_statically target)
  if(NOT MSVC) # CMAKE_MSVC_RUNTIME_LIBRARY
    target_link_options(${target} PRIVATE -static)
  endif()
endfunction()

# The folder that a target is left in. The empty generator expression keeps generators of several configurations
# (Visual Studio) from adding one of their own.
function(iocp_net_output target folder)
  set_target_properties(${target} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${folder}$<0:>"
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${folder}$<0:>")
endfunction()
