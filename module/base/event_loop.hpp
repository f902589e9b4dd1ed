#pragma once

#include <chrono>
#include <functional>
#include <memory>

/// What the floors below nginx/ know of an event loop. nginx's own loop implements it in the
/// module, a small poll(2) loop in the unit tests.
///
/// Everything runs on one thread. A callback may destroy the very object that called it: an
/// implementation touches nothing of its own after the call. (That destroys the callback too, so
/// the callback may not use its captures any more then.)
namespace dns_tools {

/// What a pending timer means to a worker that was told to finish its work and exit.
enum class OnExit {
    wait,     ///< the worker stays until the timer has fired: someone waits for what it does
    abandon,  ///< the worker may leave without it
};

/// A one-shot timer; destroying it disarms it.
class Timer {
public:
    virtual ~Timer() = default;

    /// Fires once, `after` from now. Arming an armed timer moves it.
    virtual void arm(std::chrono::milliseconds after, OnExit on_exit) = 0;
    virtual void disarm() noexcept = 0;
    virtual bool armed() const noexcept = 0;
};

/// Work for later in the same turn of the loop; destroying it withdraws it.
class Task {
public:
    virtual ~Task() = default;

    /// Runs the callback once, soon, never from inside this call. Posting twice runs it once.
    virtual void post() = 0;
};

enum class Readiness { readable, writable };

/// Somebody else's descriptor on the loop, level-triggered.
///
/// Destroying a watch lets go of the descriptor without closing it and without a system call:
/// its owner closes it next, or has closed it already. A descriptor that lives on must first be
/// taken off with `want(false, false)`.
class Watch {
public:
    virtual ~Watch() = default;

    /// Chooses what to be told of. False when the loop refuses the descriptor.
    [[nodiscard]] virtual bool want(bool readable, bool writable) = 0;
};

class EventLoop {
public:
    using Callback = std::function<void()>;
    using ReadyCallback = std::function<void(Readiness)>;

    virtual ~EventLoop() = default;

    virtual std::unique_ptr<Timer> make_timer(Callback fired) = 0;
    virtual std::unique_ptr<Task> make_task(Callback run) = 0;

    /// A watch that wants nothing yet; null when the loop has no room for another descriptor.
    virtual std::unique_ptr<Watch> watch(int fd, ReadyCallback ready) = 0;

    /// Monotonic time, read once a turn of the loop or more often.
    virtual std::chrono::steady_clock::time_point now() const = 0;
};

}  // namespace dns_tools
