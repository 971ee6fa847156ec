import Foundation
import Hummingbird

/// Decodes request bodies, and says what is wrong with them in a 400.
enum StrictJSON {
    static func decode<Body: Decodable>(
        _ type: Body.Type, from bytes: [UInt8]
    ) throws(HTTPError) -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw HTTPError(.badRequest, message: message(for: error))
        } catch let error as HTTPError {
            throw error
        } catch {
            throw HTTPError(.badRequest, message: "\(error)")
        }
    }

    private static func message(for error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _):
            "\(key.stringValue): is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.path): \(context.debugDescription)"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "the body is not a JSON object: \(context.debugDescription)"
        case .dataCorrupted(let context):
            "\(context.path): \(context.debugDescription)"
        @unknown default:
            "\(error)"
        }
    }
}

extension DecodingError.Context {
    fileprivate var path: String {
        codingPath.isEmpty
            ? "body" : codingPath.map(\.stringValue).joined(separator: ".")
    }
}

/// A key of any name, to find those that nobody knows.
private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Refuses what a type does not know: a misspelt field would otherwise do nothing.
    func refuseUnknownKeys<Key: CodingKey & CaseIterable>(but _: Key.Type) throws {
        let known = Key.allCases.map(\.stringValue)
        let found = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
        guard let unknown = found.first(where: { !known.contains($0) }) else { return }
        throw HTTPError(
            .badRequest,
            message: "\(unknown): no such field; there are \(known.joined(separator: ", "))")
    }
}
