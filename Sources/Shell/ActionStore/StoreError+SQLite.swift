import ChargeControl
import GRDB

/// A row that this release cannot read, although the schema let it in.
struct UnreadableRow: Error {
    var reason: String
}

/// What makes a database of ours useless: found by a check, where SQLite finds no fault.
struct Damage: Error {
    var reason: String
}

/// The file is a sound database, and not ours.
struct ForeignDatabase: Error {}

extension StoreError {
    /// What an error of SQLite means to the callers of the store. Takes the code and SQLite's own
    /// message only: the statement and its arguments stay out of logs.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(sqlite: error)
        case let error as UnreadableRow:
            self = .corrupt(reason: error.reason)
        case let error as Damage:
            self = .corrupt(reason: error.reason)
        case is ForeignDatabase:
            self = .corrupt(reason: "it is a database of another program")
        case is RowDecodingError:
            self = .corrupt(reason: "a column holds a value of another type than its table states")
        case let error as StateDirectoryError:
            self = .unavailable(reason: error.description)
        default:
            self = .unavailable(reason: "unexpected \(type(of: error))")
        }
    }

    /// The same for an error while opening: says which directory, and what to do.
    init(opening directory: String, _ error: any Error) {
        let file = StateDirectory(path: directory).databasePath
        self =
            switch StoreError(error) {
            case .full:
                .full
            case .unavailable(let reason) where error is StateDirectoryError:
                .unavailable(reason: reason)
            case .unavailable(let reason):
                .unavailable(reason: "cannot open \(file): \(reason)")
            case .corrupt(let reason):
                .corrupt(
                    reason: """
                        \(file) is damaged or not a database of evse-agent: \(reason). Move it and \
                        its -wal and -shm files away to begin with an empty one; API keys must then \
                        be created again
                        """)
            }
    }

    private init(sqlite error: DatabaseError) {
        let code = error.extendedResultCode.rawValue
        let reason = "SQLite error \(code): \(error.message ?? "without a message")"
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt(reason: reason)
            default: .unavailable(reason: reason)
            }
    }
}
