# test/network: the network between two namespaces, for scripts/test-network.mjs.
add_executable(iocp_net_relay test/network/main.cc test/network/relay.cc test/network/side.cc)
target_include_directories(iocp_net_relay PRIVATE addon test/network)
iocp_net_compile_options(iocp_net_relay)
iocp_net_output(iocp_net_relay network)
