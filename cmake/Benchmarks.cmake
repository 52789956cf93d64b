# benchmarks/native: the load generator on iocp_net_port, and the floor, which knows nothing of us.
function(iocp_net_benchmark_program target)
  iocp_net_compile_options(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/programs")
  # They travel in the package as they are, to systems with an older C library or none of that kind.
  target_link_options(${target} PRIVATE -static -s)
endfunction()

file(GLOB load_sources CONFIGURE_DEPENDS benchmarks/native/*.cc)
add_executable(iocp_net_load ${load_sources})
target_include_directories(iocp_net_load PRIVATE benchmarks/native)
target_link_libraries(iocp_net_load PRIVATE iocp_net_port)
iocp_net_benchmark_program(iocp_net_load)

set(shared benchmarks/native/clock.cc benchmarks/native/failure.cc)
add_executable(iocp_net_floor benchmarks/floor/main.cc benchmarks/floor/${IOCP_NET_BACKEND}.cc ${shared})
target_include_directories(iocp_net_floor PRIVATE benchmarks/native benchmarks/floor)
iocp_net_benchmark_program(iocp_net_floor)
if(WIN32)
  target_link_libraries(iocp_net_floor PRIVATE ws2_32)
else()
  target_link_libraries(iocp_net_floor PRIVATE Threads::Threads)
endif()
