#pragma once

#include <new>
#include <utility>

#include "nginx/ngx.hpp"

namespace dns_tools::nginx {

/// A C++ object in a pool, destroyed with it.
template <typename T, typename... Args>
T& make_in_pool(ngx_pool_t* pool, Args&&... args) {
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(pool, sizeof(T));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    T* object = new (cleanup->data) T(std::forward<Args>(args)...);
    cleanup->handler = [](void* data) noexcept { static_cast<T*>(data)->~T(); };
    return *object;
}

/// A C++ object that lives as long as its request: it is destroyed when the request ends, however
/// it ends, before its connection goes. What is being sent must live longer: in the request's pool.
template <typename T, typename... Args>
T& make_for_request(ngx_http_request_t* r, Args&&... args) {
    ngx_http_cleanup_t* cleanup = ngx_http_cleanup_add(r, sizeof(T));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }
    T* object = new (cleanup->data) T(std::forward<Args>(args)...);
    cleanup->handler = [](void* data) noexcept { static_cast<T*>(data)->~T(); };
    return *object;
}

}  // namespace dns_tools::nginx
