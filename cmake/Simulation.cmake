# test/sim: the engine over addon/sim, a kernel in memory, under random programs.
file(GLOB sim_port_sources CONFIGURE_DEPENDS addon/port/*.cc addon/sim/*.cc)
add_library(iocp_net_port_sim STATIC EXCLUDE_FROM_ALL ${sim_port_sources})
target_include_directories(iocp_net_port_sim PUBLIC addon)
target_include_directories(iocp_net_port_sim SYSTEM PUBLIC ${IOCP_NET_NODE_INCLUDE})
target_compile_definitions(iocp_net_port_sim PUBLIC IOCP_NET_SIM)
iocp_net_compile_options(iocp_net_port_sim)

set(sim_folder "${CMAKE_BINARY_DIR}/sim-tests")
add_executable(sim_test
  test/sim/main.cc test/sim/program.cc test/sim/pattern.cc test/sim/model.cc test/sim/world.cc test/sim/deliver.cc test/sim/steps.cc
  test/sim/peers.cc test/sim/checks.cc)
target_include_directories(sim_test PRIVATE test/sim)
target_link_libraries(sim_test PRIVATE iocp_net_port_sim)
iocp_net_compile_options(sim_test)
set_target_properties(sim_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${sim_folder}")

# The same programs on both kernels: what the two print is compared by scripts/test-simulation.mjs.
foreach(backend sim epoll)
  set(parity "parity_${backend}")
  add_executable(${parity} test/sim/parity.cc test/sim/pattern.cc test/sim/model.cc)
  target_include_directories(${parity} PRIVATE test/sim)
  iocp_net_compile_options(${parity})
  set_target_properties(${parity} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${sim_folder}")
endforeach()
target_link_libraries(parity_sim PRIVATE iocp_net_port_sim)
target_link_libraries(parity_epoll PRIVATE iocp_net_port)

# The addon over the kernel in memory, <build folder>/sim-addon/iocp_net.node: the specs of test/contract run on it.
if(IOCP_NET_ADDON)
  add_library(iocp_net_sim MODULE EXCLUDE_FROM_ALL ${binding_sources})
  target_link_libraries(iocp_net_sim PRIVATE iocp_net_port_sim)
  iocp_net_addon(iocp_net_sim)
  target_compile_definitions(iocp_net_sim PRIVATE uv_hrtime=SimulatedTime) # of loop_sim.cc: how long a turn takes is no chance
  target_link_options(iocp_net_sim PRIVATE LINKER:--exclude-libs,ALL)
  set_target_properties(iocp_net_sim PROPERTIES OUTPUT_NAME iocp_net LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/sim-addon")
endif()
