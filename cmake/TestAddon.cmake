# test/addon: what specs need and JavaScript cannot do, <build folder>/test-addon/test_helper.node.
file(GLOB test_addon_sources CONFIGURE_DEPENDS test/addon/*.cc)
add_library(test_helper MODULE ${test_addon_sources})
target_include_directories(test_helper SYSTEM BEFORE PRIVATE ${node_api_headers} ${IOCP_NET_NODE_INCLUDE})
target_compile_definitions(test_helper PRIVATE NAPI_VERSION=8 NODE_GYP_MODULE_NAME=test_helper BUILDING_NODE_EXTENSION)
iocp_net_compile_options(test_helper)
set_target_properties(test_helper PROPERTIES
  PREFIX "" SUFFIX ".node"
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test-addon"
  RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test-addon")
if(WIN32)
  iocp_net_import_node(test_helper)
endif()
