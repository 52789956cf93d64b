# IOCP_NET_NODE_INCLUDE: the folder with Node's own uv.h. IOCP_NET_NODE_API_INCLUDE: node_api.h.
# scripts/lib/node-headers.cjs knows where Node's headers can be; it says what to do when they are nowhere.
find_program(IOCP_NET_NODE node REQUIRED)
if(NOT IOCP_NET_NODE_INCLUDE)
  execute_process(
    COMMAND "${IOCP_NET_NODE}" "${CMAKE_CURRENT_SOURCE_DIR}/scripts/lib/node-headers.cjs"
    OUTPUT_VARIABLE node_include ERROR_VARIABLE node_include_error RESULT_VARIABLE node_include_result
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT node_include_result EQUAL 0)
    message(FATAL_ERROR "${node_include_error}")
  endif()
  set(IOCP_NET_NODE_INCLUDE "${node_include}" CACHE PATH "Folder with Node's uv.h" FORCE)
endif()
if(NOT EXISTS "${IOCP_NET_NODE_INCLUDE}/uv/errno.h")
  message(FATAL_ERROR "iocp-net: no uv/errno.h in IOCP_NET_NODE_INCLUDE=${IOCP_NET_NODE_INCLUDE}")
endif()
