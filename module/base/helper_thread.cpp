#include "base/helper_thread.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace dns_tools {

namespace {

constexpr std::chrono::milliseconds look_without_watch{20};

/// Blocks all signals of the calling thread, which threads it starts inherit.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

HelperThread::HelperThread(EventLoop& loop)
    : loop_(loop),
      finished_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      without_watch_(loop.make_timer([this] { finish(); })),
      alive_(std::make_shared<const bool>(true)) {
    if (!finished_event_) {
        throw std::system_error(errno, std::generic_category(), "eventfd()");
    }
    watch();
    const SignalsBlocked blocked;
    thread_ = std::thread([this] { work(); });
}

HelperThread::~HelperThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void HelperThread::run(Callback job, Callback done) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(job), std::move(done)});
    }
    ++outstanding_;
    wake_.notify_one();
    if (watch_ == nullptr) {
        watch();
    }
}

/// The loop may have no room for a descriptor; until it has, a timer does the watch's work.
void HelperThread::watch() {
    watch_ = loop_.watch(finished_event_.get(), [this](Readiness) { finish(); });
    if (watch_ != nullptr && !watch_->want(true, false)) {
        watch_.reset();
    }
    without_watch_->disarm();
    look_later();
}

void HelperThread::look_later() {
    if (watch_ == nullptr && outstanding_ > 0) {
        without_watch_->arm(look_without_watch, OnExit::abandon);
    }
}

void HelperThread::work() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) {
            return;
        }
        Entry entry = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        try {
            entry.job();
        } catch (...) {
            // A job whose end matters tells of it by itself.
        }
        entry.job = nullptr;
        lock.lock();
        finished_.push_back(std::move(entry.done));
        constexpr std::uint64_t one = 1;
        // It can only fail when it is readable already.
        [[maybe_unused]] const auto written = write(finished_event_.get(), &one, sizeof one);
    }
}

/// Calls what is done. It is taken one by one, so that nothing is forgotten when one throws.
void HelperThread::finish() {
    const std::weak_ptr<const bool> alive = alive_;
    for (Callback done; take_finished(done);) {
        --outstanding_;
        done();
        if (alive.expired()) {
            return;
        }
    }
    look_later();
}

bool HelperThread::take_finished(Callback& done) {
    const std::lock_guard lock(mutex_);
    if (finished_.empty()) {
        std::uint64_t count;
        [[maybe_unused]] const auto size = read(finished_event_.get(), &count, sizeof count);
        return false;
    }
    done = std::move(finished_.front());
    finished_.pop_front();
    return true;
}

}  // namespace dns_tools
