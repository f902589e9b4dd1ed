# The module itself: module/nginx on top of the other floors, built against a configured nginx.

file(GLOB sources CONFIGURE_DEPENDS module/nginx/*.cpp)
add_library(ngx_http_dns_tools_module MODULE ${sources})
set_target_properties(ngx_http_dns_tools_module PROPERTIES PREFIX "")

target_include_directories(ngx_http_dns_tools_module SYSTEM PRIVATE
    ${NGINX_OBJS_DIR}
    ${NGINX_SOURCE_DIR}/src/core
    ${NGINX_SOURCE_DIR}/src/event
    ${NGINX_SOURCE_DIR}/src/event/modules
    ${NGINX_SOURCE_DIR}/src/event/quic
    ${NGINX_SOURCE_DIR}/src/os/unix
    ${NGINX_SOURCE_DIR}/src/http
    ${NGINX_SOURCE_DIR}/src/http/modules
    ${NGINX_SOURCE_DIR}/src/http/v2
    ${NGINX_SOURCE_DIR}/src/http/v3)

set(exports ${CMAKE_CURRENT_LIST_DIR}/exports.map)
set_target_properties(ngx_http_dns_tools_module PROPERTIES LINK_DEPENDS ${exports})
target_link_options(ngx_http_dns_tools_module PRIVATE
    -Wl,--version-script=${exports} -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
target_link_libraries(ngx_http_dns_tools_module PRIVATE dns_tools_api)
