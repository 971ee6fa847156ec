import WallboxModel

/// The body of `POST /fault`: the name of one fault of ``FaultCatalog``, the figures that it needs and,
/// for a fault that strikes single answers, when it strikes: `count` (how often), `perMillion` (of the
/// answers), `start` (the first request, from 1), `on` (`reads` or `writes`), `unit` (`any` for requests
/// to other units as well) and `seed`. Faults add up until `{"fault": "none"}`.
struct FaultRequest: Decodable {
    let order: FaultOrder

    enum CodingKeys: String, CodingKey, CaseIterable {
        case fault, milliseconds, amperes, bytes, code, register, words, count, perMillion, start
        case on, unit, seed
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(but: CodingKeys.self)
        let body = try decoder.container(keyedBy: CodingKeys.self)
        var order = FaultOrder(try body.decode(String.self, forKey: .fault))
        order.milliseconds = try body.decodeIfPresent(Int.self, forKey: .milliseconds)
        order.amperes = try body.decodeIfPresent(Double.self, forKey: .amperes)
        order.bytes = try body.decodeIfPresent(Int.self, forKey: .bytes)
        order.code = try body.decodeIfPresent(Int.self, forKey: .code)
        order.register = try body.decodeIfPresent(String.self, forKey: .register)
        order.words = try body.decodeIfPresent([UInt16].self, forKey: .words)
        order.count = try body.decodeIfPresent(Int.self, forKey: .count)
        order.perMillion = try body.decodeIfPresent(Int.self, forKey: .perMillion)
        order.start = try body.decodeIfPresent(Int.self, forKey: .start)
        order.on = try body.decodeIfPresent(String.self, forKey: .on)
        order.unit = try body.decodeIfPresent(String.self, forKey: .unit)
        order.seed = try body.decodeIfPresent(UInt64.self, forKey: .seed)
        self.order = order
    }
}
