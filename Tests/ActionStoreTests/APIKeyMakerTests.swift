import ActionStore
import ChargeControl
import ChargeModel
import Testing

@Suite("Making API keys")
struct APIKeyMakerTests {
    @Test(
        "R31: a key has its prefix and at least 128 random bits", arguments: APIEnvironment.allCases
    )
    func r31_aKeyHasAtLeast128RandomBits(_ environment: APIEnvironment) {
        let made = APIKeyMaker.make(name: "garage", environment: environment, at: .at(0))
        let prefix = environment == .live ? "amps_sk_live_" : "amps_sk_test_"
        #expect(made.secret.hasPrefix(prefix))
        let random = made.secret.dropFirst(prefix.count)
        #expect(random.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        // log2(62) is 5.954 bits a character.
        #expect(Double(random.count) * 5.954 >= 128)
    }

    @Test func noTwoKeysAreAlike() {
        let made = (0..<1000).map { _ in
            APIKeyMaker.make(name: "garage", environment: .live, at: .at(0))
        }
        #expect(Set(made.map(\.secret)).count == 1000)
        #expect(Set(made.map(\.key.id)).count == 1000)
        // Every place of the random part takes many values.
        for place in made[0].secret.indices.dropFirst(13) {
            #expect(Set(made.map { $0.secret[place] }).count > 40)
        }
    }

    @Test func aKeyCarriesTheHashOfItsSecretAndWhatItMayDo() {
        let made = APIKeyMaker.make(
            name: "garage", environment: .sandbox, user: "user_1", isReadOnly: true, at: .at(3),
            expiresAt: .at(9))
        #expect(made.key.hash == APIKeyMaker.hash(of: made.secret))
        #expect(made.key.name == "garage")
        #expect(made.key.environment == .sandbox)
        #expect(made.key.user == "user_1")
        #expect(made.key.isReadOnly)
        #expect(made.key.createdAt == .at(3))
        #expect(made.key.expiresAt == .at(9))
        #expect(made.key.revokedAt == nil)
    }

    @Test func theHashIsSHA256() {
        // FIPS 180-4, example of one block.
        let expected: [UInt8] = [
            0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE,
            0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17, 0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61,
            0xF2, 0x00, 0x15, 0xAD,
        ]
        #expect(APIKeyMaker.hash(of: "abc") == expected)
    }
}
