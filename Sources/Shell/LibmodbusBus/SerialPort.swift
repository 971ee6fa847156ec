import CLinux
import Glibc
import Modbus

/// A serial port of this computer, and how to come to own it.
package struct SerialPort: Hashable, Sendable {
    /// Such as `/dev/serial/by-id/usb-FTDI_...`.
    package var path: String
    package var settings: SerialSettings
    package var direction: Direction

    /// Who switches an RS-485 line between sending and receiving.
    package enum Direction: String, Hashable, Sendable, CaseIterable {
        /// Nobody here: the adapter does it by itself, or the line is not RS-485.
        case off
        /// The kernel's driver of the port, with its RTS line. Not yet seen on hardware.
        case kernel
    }

    package init(path: String, settings: SerialSettings, direction: Direction = .off) {
        self.path = path
        self.settings = settings
        self.direction = direction
    }

    /// The port while it is ours.
    struct Claim {
        var context: LibmodbusContext
        /// Holds the lock.
        var lock: Int32
    }

    /// Opens and sets the port, for this program alone.
    ///
    /// The lock comes before the settings: the program that has the port already must not find it at
    /// another speed.
    ///
    /// - Throws: `.portUnusable` with the reason and what to do.
    func claim() throws(ModbusError) -> Claim {
        let lock = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard lock >= 0 else { throw unusable(errno) }
        do throws(ModbusError) {
            guard isatty(lock) == 1 else {
                throw .portUnusable("\(path) is not a serial port")
            }
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw unusable(errno) }
            let context = try LibmodbusContext.rtu(device: path, settings)
            do {
                try context.connect()
            } catch {
                throw unusable(error.code)
            }
            guard let descriptor = context.descriptor, descriptor < TCPConnector.descriptorLimit
            else {
                context.close()
                throw unusable(EMFILE)
            }
            // Keeps out programs that do not look at the lock.
            guard ioctl(descriptor, UInt(TIOCEXCL)) == 0 else { throw unusable(errno) }
            if direction == .kernel { try switchByKernel(descriptor) }
            return Claim(context: context, lock: lock)
        } catch {
            close(lock)
            throw error
        }
    }

    private func switchByKernel(_ descriptor: Int32) throws(ModbusError) {
        guard evse_enable_rs485(descriptor) == 0 else {
            throw .portUnusable(
                """
                the driver of \(path) has no RS-485 mode (errno \(errno)); write rs485=off: most \
                adapters switch direction by themselves
                """)
        }
    }

    func unusable(_ code: Int32) -> ModbusError {
        let problem =
            switch code {
            case ENOENT, ENXIO, ENODEV:
                "there is no \(path); plug the adapter in, and see ls /dev/serial/by-id for its name"
            case EACCES, EPERM:
                "no permission to use \(path); \(remedyForPermission)"
            case EBUSY, EAGAIN:
                "\(path) is in use; end the program that has it open (fuser -v \(path) names it)"
            default:
                "\(path) cannot be opened: \(String(cString: strerror(code)))"
            }
        return .portUnusable(problem)
    }

    /// The group that may use the port, as the system says.
    private var remedyForPermission: String {
        var name = [CChar](repeating: 0, count: 256)
        guard evse_group_of(path, &name, name.count) == 0 else {
            return "run the agent as a user who may"
        }
        let group = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        return "add the agent's user to the group \(group) and start the agent again"
    }
}
