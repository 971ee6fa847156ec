import Glibc
import Modbus

/// What a client does with a connected, non-blocking socket beside receiving frames.
struct LinkSocket {
    let descriptor: Int32

    /// Checks that nothing waits to be read: bytes before a request cannot be its answer.
    ///
    /// - Throws: `.malformed(.unsolicitedBytes)`, or `.connectionLost` when the peer has gone.
    func expectSilence() throws(ModbusError) {
        var byte: UInt8 = 0
        while true {
            switch recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) {
            case 0: throw .connectionLost(errno: ECONNRESET)
            case -1 where errno == EINTR: continue
            case -1 where errno == EAGAIN: return
            case -1: throw .connectionLost(errno: errno)
            default: throw .malformed(.unsolicitedBytes)
            }
        }
    }

    /// Sends all bytes, in as many pieces as the system takes.
    ///
    /// - Throws: `.timeout` or `.connectionLost`.
    func send(_ bytes: [UInt8], before deadline: Deadline) throws(ModbusError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor, raw.baseAddress?.advanced(by: sent), raw.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try waitForRoom(before: deadline)
            } else if errno != EINTR {
                throw .connectionLost(errno: errno)
            }
        }
    }

    private func waitForRoom(before deadline: Deadline) throws(ModbusError) {
        let events: Int32?
        do {
            events = try deadline.wait(for: Int32(POLLOUT), on: descriptor)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        guard events != nil else { throw .timeout }
    }
}
