# The addon, build/<Release|Debug>/iocp_net.node.

# A package's include folder by Node's own resolution; empty where it is not installed.
function(iocp_net_package_include variable package)
  execute_process(
    COMMAND "${IOCP_NET_NODE}" -p "try { require('${package}').include_dir } catch { '' }"
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(${variable} "${folder}" PARENT_SCOPE)
endfunction()

set(IOCP_NET_NODE_ADDON_API "" CACHE PATH "Folder with napi.h, where the package node-addon-api is not installed")
set(node_addon_api "${IOCP_NET_NODE_ADDON_API}")
if(NOT node_addon_api)
  iocp_net_package_include(node_addon_api node-addon-api)
endif()
iocp_net_package_include(node_api_headers node-api-headers)
if(NOT node_addon_api)
  message(FATAL_ERROR "iocp-net: the addon needs the package node-addon-api: npm install --save-dev node-addon-api")
endif()

file(GLOB binding_sources CONFIGURE_DEPENDS addon/binding/*.cc)
list(FILTER binding_sources EXCLUDE REGEX "/win_[^/]*$") # cmake/WindowsImports.cmake

# What every build of the binding has in common.
function(iocp_net_addon target)
  # node-api-headers come first: the declarations of Node-API alone. Without them those of the running Node serve as well.
  target_include_directories(${target} SYSTEM BEFORE PRIVATE ${node_api_headers} ${node_addon_api} ${IOCP_NET_NODE_INCLUDE})
  target_compile_definitions(${target} PRIVATE
    NAPI_VERSION=8 NODE_GYP_MODULE_NAME=iocp_net BUILDING_NODE_EXTENSION NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS
    NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS) # of a worker that is being terminated
  iocp_net_compile_options(${target})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".node")
endfunction()

add_library(iocp_net MODULE ${binding_sources})
target_link_libraries(iocp_net PRIVATE iocp_net_port)
iocp_net_addon(iocp_net)
iocp_net_output(iocp_net "$<CONFIG>")

# Windows' and musl's engines bring the C++ library: nobody's copy of theirs is in the process for certain.
if(NOT MSVC AND (WIN32 OR IOCP_NET_ZIG_TOOLS))
  target_compile_definitions(iocp_net PRIVATE IOCP_NET_STATIC_RUNTIME)
  target_compile_options(iocp_net PRIVATE -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections)
  target_compile_options(iocp_net_port PRIVATE -fno-exceptions -fno-rtti -ffunction-sections -fdata-sections)
  target_link_options(iocp_net PRIVATE LINKER:--gc-sections)
  # What defines functions that the compiler knows of itself is not for link-time optimisation.
  set_source_files_properties(addon/binding/static_runtime.cc PROPERTIES COMPILE_OPTIONS -fno-lto)
endif()

if(WIN32)
  include(WindowsImports)
else()
  # libstdc++ and libgcc are those that Node has loaded already: a copy inside would ask for a newer glibc than Node.
  target_link_options(iocp_net PRIVATE LINKER:--gc-sections)
  if(IOCP_NET_ZIG_TOOLS)
    target_link_options(iocp_net PRIVATE "LINKER:--version-script,${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map")
  else()
    target_link_options(iocp_net PRIVATE LINKER:--exclude-libs,ALL)
  endif()
  # A program without one of libuv's functions (Deno) then refuses to load the addon; bound later, the first call of the
  # function would end its process.
  target_link_options(iocp_net PRIVATE LINKER:-z,now)
endif()
