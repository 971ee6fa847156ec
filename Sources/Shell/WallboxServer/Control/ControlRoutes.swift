import ChargeModel
import HTTPTypes
import Hummingbird
import NIOCore
import WallboxModel

/// What each request to the control endpoint does.
struct ControlRoutes: Sendable {
    private let server: any WallboxFront
    private var wallbox: SharedWallbox { server.wallbox }

    /// The longest body that is read, in bytes.
    private static let maximumBody = 16 * 1024

    init(_ server: any WallboxFront) {
        self.server = server
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in state }
        router.get("/writes") { request, _ in try writes(request) }
        router.post("/plug") { request, _ in try plug(try await decode(request)) }
        router.post("/vehicle") { request, _ in try change(try await decode(request)) }
        router.post("/unplug") { _, _ in
            wallbox.update { $0.unplug(at: $1) }
            return state
        }
        router.post("/reboot") { _, _ in
            wallbox.update { $0.reboot(at: $1) }
            return state
        }
        router.post("/replace") { request, _ in
            let body: ReplaceRequest = try await decode(request)
            wallbox.update { $0.replace(serial: body.serial, at: $1) }
            return state
        }
        router.post("/fault") { request, _ in try await add(try await decode(request)) }
        return router
    }

    private var state: WallboxResponse {
        WallboxResponse(
            wallbox.wallbox, wire: wallbox.wireFaults, connections: server.connectionCount)
    }

    private func writes(_ request: Request) throws -> [WriteResponse] {
        let entries = wallbox.writes
        guard let text = request.uri.queryParameters.get("limit") else {
            return entries.map { WriteResponse($0) }
        }
        guard let limit = Int(text), limit >= 0 else {
            throw HTTPError(.badRequest, message: "limit: a whole number from 0, not \"\(text)\"")
        }
        return entries.suffix(limit).map { WriteResponse($0) }
    }

    // MARK: - Vehicles

    private func plug(_ request: VehicleRequest) throws -> WallboxResponse {
        let vehicle = try request.vehicle(changing: Vehicle())
        wallbox.update { $0.plug(vehicle, at: $1) }
        return state
    }

    private func change(_ request: VehicleRequest) throws -> WallboxResponse {
        guard let vehicle = wallbox.truth.vehicle else {
            throw HTTPError(.badRequest, message: "no vehicle is plugged in: POST /plug first")
        }
        var present = vehicle.vehicle
        if let charge = vehicle.charge { present.battery?.charge = charge }
        let changed = try request.vehicle(changing: present)
        wallbox.update { $0.changeVehicle(to: changed, at: $1) }
        return state
    }

    // MARK: - Faults

    private func add(_ request: FaultRequest) async throws -> WallboxResponse {
        guard request.order.name != "none" else {
            try await server.endFaults()
            return state
        }
        do {
            try await server.carryOut(request.order)
        } catch let complaint as FaultOrder.Complaint {
            throw HTTPError(.badRequest, message: complaint.description)
        }
        return state
    }

    // MARK: - Bodies

    /// An empty body is an empty object.
    private func decode<Body: Decodable>(_ request: Request) async throws -> Body {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.maximumBody)
        } catch is NIOTooManyBytesError {
            throw HTTPError(
                .contentTooLarge, message: "a body has at most \(Self.maximumBody) bytes")
        }
        let bytes = Array(buffer.readableBytesView)
        return try StrictJSON.decode(Body.self, from: bytes.isEmpty ? Array("{}".utf8) : bytes)
    }
}
