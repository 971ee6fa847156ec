import ChargeModel
import Hummingbird
import WallboxModel

/// The body of `POST /plug` and `POST /vehicle`; every field may be left out.
struct VehicleRequest: Decodable {
    /// 1 to 3.
    var phases: Int?
    /// The most per phase, in amperes.
    var maxCurrent: Double?
    /// The most of all phases together, in watts; 0 for no such limit.
    var power: Int?
    /// Of the battery, in watt-hours; 0 for a vehicle that is never full.
    var capacity: Int?
    /// What is in the battery, in watt-hours.
    var charge: Int?
    /// From a change of the pilot signal to the change of its draw, in seconds: 0 to 5.
    var reaction: Double?
    /// `obedient`, `greedy`, `stuck` or `sleepy`.
    var manner: String?
    /// Of a greedy vehicle above what is offered, in amperes; 2 by default.
    var excess: Double?
    /// Offers until a sleepy vehicle wakes up; 3 by default.
    var offers: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case phases, maxCurrent, power, capacity, charge, reaction, manner, excess, offers
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(but: CodingKeys.self)
        let body = try decoder.container(keyedBy: CodingKeys.self)
        phases = try body.decodeIfPresent(Int.self, forKey: .phases)
        maxCurrent = try body.decodeIfPresent(Double.self, forKey: .maxCurrent)
        power = try body.decodeIfPresent(Int.self, forKey: .power)
        capacity = try body.decodeIfPresent(Int.self, forKey: .capacity)
        charge = try body.decodeIfPresent(Int.self, forKey: .charge)
        reaction = try body.decodeIfPresent(Double.self, forKey: .reaction)
        manner = try body.decodeIfPresent(String.self, forKey: .manner)
        excess = try body.decodeIfPresent(Double.self, forKey: .excess)
        offers = try body.decodeIfPresent(Int.self, forKey: .offers)
    }

    /// The vehicle that comes of it.
    func vehicle(changing vehicle: Vehicle) throws(HTTPError) -> Vehicle {
        var vehicle = vehicle
        vehicle.phases = phases ?? vehicle.phases
        if let maxCurrent {
            vehicle.maximumCurrent = try Milliamperes(amperes: maxCurrent, field: "maxCurrent")
        }
        if let power { vehicle.maximumPower = power == 0 ? nil : Watts(power) }
        vehicle.battery = try battery(changing: vehicle.battery)
        if let reaction {
            guard 0...5 ~= reaction else {
                throw HTTPError(.badRequest, message: "reaction: 0 to 5 seconds, not \(reaction)")
            }
            vehicle.reaction = .milliseconds(Int(reaction * 1000))
        }
        vehicle.manner = try manner(changing: vehicle.manner)
        if let complaint = vehicle.complaint { throw HTTPError(.badRequest, message: complaint) }
        return vehicle
    }

    private func battery(changing battery: Battery?) throws(HTTPError) -> Battery? {
        guard capacity != 0 else { return nil }
        guard let capacity = capacity ?? battery?.capacity.rawValue else {
            guard charge == nil else {
                throw HTTPError(
                    .badRequest, message: "charge: needs the capacity of the battery as well")
            }
            return nil
        }
        let charge = charge ?? battery?.charge.rawValue ?? 0
        return Battery(
            capacity: WattHours(capacity), charge: WattHours(charge),
            taperFrom: battery?.taperFrom ?? 80)
    }

    private func manner(changing manner: VehicleManner) throws(HTTPError) -> VehicleManner {
        switch self.manner {
        case nil:
            guard excess == nil, offers == nil else {
                throw HTTPError(
                    .badRequest, message: "excess and offers: need the manner as well")
            }
            return manner
        case "obedient": return .obedient
        case "greedy":
            return .greedy(excess: try Milliamperes(amperes: excess ?? 2, field: "excess"))
        case "stuck": return .stuck
        case "sleepy":
            guard let offers, !(1...1000 ~= offers) else {
                return .sleepy(offers: self.offers ?? 3)
            }
            throw HTTPError(.badRequest, message: "offers: 1 to 1000, not \(offers)")
        case .some(let other):
            throw HTTPError(
                .badRequest,
                message: "manner: obedient, greedy, stuck or sleepy, not \"\(other)\"")
        }
    }
}

/// The body of `POST /replace`.
struct ReplaceRequest: Decodable {
    var serial: String

    enum CodingKeys: String, CodingKey, CaseIterable {
        case serial
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(but: CodingKeys.self)
        let body = try decoder.container(keyedBy: CodingKeys.self)
        serial = try body.decode(String.self, forKey: .serial)
        guard 1...32 ~= serial.utf8.count, serial.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw HTTPError(.badRequest, message: "serial: 1 to 32 printable ASCII characters")
        }
    }
}

extension Milliamperes {
    /// - Throws: A 400 that names the field, outside of 0 to 100 A.
    init(amperes: Double, field: String) throws(HTTPError) {
        guard 0...100 ~= amperes else {
            throw HTTPError(.badRequest, message: "\(field): 0 to 100 amperes, not \(amperes)")
        }
        self.init(Int((amperes * 1000).rounded(.down)))
    }
}
