#pragma once

#include <bearergate/net/operation_room.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/intrusive/list.hpp>
#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace bearergate::net {

// Tells a thread's streams what the kernel says of their sockets: an epoll of our own, which is one
// descriptor among others to the loop. Asio's own reactor does not pass on that a peer has ended,
// so that who emptied a socket would have to ask once more, and it makes an operation of each wait
// (together a twentieth of what a warm request costs).
//
// Events are edges. Those of one round are all noted before the first of them is acted upon, so
// that a stream which is asked meanwhile knows what is on its way to it.
class Poller : public boost::asio::execution_context::service {
public:
    using key_type = Poller;
    static boost::asio::execution_context::id id;  // as Asio finds its services

    // A loop has one. std::system_error where the kernel gives no epoll.
    explicit Poller(boost::asio::execution_context& loop);
    ~Poller() override;
    static Poller& of(boost::asio::io_context& loop);

    using Events = std::uint32_t;  // EPOLLIN and so on
    class Watched : public boost::intrusive::list_base_hook<
                        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    public:
        // That it is in the row: something was noted that it has not been told.
        bool is_due() const { return is_linked(); }

    protected:
        ~Watched() = default;

    private:
        friend class Poller;
        // May end the object.
        virtual void on_events(Events events) = 0;
        Events noted_ = 0;
    };

    // From now until the descriptor is closed, which forget() is to be told before. What is ready
    // already is told as well. False, with errno: the kernel does not watch it.
    bool watch(int descriptor, Watched& who, Events further = 0);
    void forget(Watched& who);
    // One that is watched is also told when it may be written to, at once if that is so already.
    void watch_for_room(int descriptor, Watched& who);
    // Calls on_events() in the next round, after the others of the loop.
    void call_again(Watched& who);

private:
    friend struct EventWindow;

    void shutdown() override;
    void arm();
    void rest_if_idle();
    std::size_t note_events();  // how many there were
    void tell_those_noted();

    using Row = boost::intrusive::list<Watched, boost::intrusive::constant_time_size<false>>;

    boost::asio::io_context& loop_;
    OperationRoom room_of_wait_{};
    OperationRoom room_of_call_{};
    std::array<epoll_event, 128> events_{};  // of one round; more come in the next
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
    std::size_t watched_ = 0;
    bool waits_ = false;
    bool is_called_ = false;
    Row row_{};
};

}  // namespace bearergate::net
