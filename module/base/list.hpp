#pragma once

namespace dns_tools {

template <class T>
class List;

/// A place in at most one List. What is destroyed leaves its list.
class ListNode {
public:
    ListNode() = default;
    ListNode(const ListNode&) = delete;
    ListNode& operator=(const ListNode&) = delete;

protected:
    ~ListNode() { unlink(); }

    void unlink() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = this;
    }

private:
    template <class T>
    friend class List;

    ListNode* previous_ = this;
    ListNode* next_ = this;
};

/// A queue of objects that derive from ListNode. It owns none of them and never allocates.
template <class T>
class List : private ListNode {
public:
    ~List() { clear(); }

    bool empty() const noexcept { return next_ == this; }
    T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(next_); }

    /// Takes `item` out of the list it may be in.
    void push_back(T& item) noexcept {
        ListNode& node = item;
        node.unlink();
        node.previous_ = previous_;
        node.next_ = this;
        previous_->next_ = &node;
        previous_ = &node;
    }
    /// Null when the list is empty.
    T* pop_front() noexcept {
        T* item = front();
        if (item != nullptr) {
            remove(*item);
        }
        return item;
    }
    static void remove(T& item) noexcept { static_cast<ListNode&>(item).unlink(); }

    /// Moves all items of `other` to the end of this list.
    void append(List& other) noexcept {
        while (T* item = other.pop_front()) {
            push_back(*item);
        }
    }
    void clear() noexcept {
        // Walks the nodes and not this list's own ends: in a destructor GCC takes for granted that
        // nobody else's pointer leads to *this, and would not see them change.
        for (ListNode* node = next_; node != this;) {
            ListNode* const next = node->next_;
            node->previous_ = node->next_ = node;
            node = next;
        }
        previous_ = next_ = this;
    }

    /// `action` leaves all items where they are.
    template <class Action>
    void for_each(Action action) const {
        for (ListNode* node = next_; node != this; node = node->next_) {
            action(static_cast<T&>(*node));
        }
    }

    /// The first item for which `holds` is true; null when there is none.
    template <class Predicate>
    T* find_if(Predicate holds) const {
        for (ListNode* node = next_; node != this; node = node->next_) {
            if (holds(static_cast<const T&>(*node))) {
                return static_cast<T*>(node);
            }
        }
        return nullptr;
    }
};

}  // namespace dns_tools
