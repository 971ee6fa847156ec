/// Small changes to an input, such as a fuzzer makes without looking inside.
enum Damage {
    static func changed(
        _ input: [UInt8], others: [[UInt8]], using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let length = min(Int.random(in: 1...8, using: &random), bytes.count - place)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(place..<place + length)
            case 1: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            case 2: bytes.insert(.random(in: 0...255, using: &random), at: place)
            case 3 where place < bytes.count:
                bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            case 4 where place < bytes.count:
                let odd = Array("{}[]:,-#&*!|>'\"%@`\t\n\\0x9.=".utf8) + [0x00, 0x7F, 0x80, 0xFF]
                bytes[place] = odd[.random(in: 0..<odd.count, using: &random)]
            default:
                guard let other = others.randomElement(using: &random), !other.isEmpty else {
                    break
                }
                let start = Int.random(in: 0..<other.count, using: &random)
                let end = min(other.count, start + Int.random(in: 1...40, using: &random))
                bytes.insert(contentsOf: other[start..<end], at: place)
            }
        }
        return bytes
    }
}
