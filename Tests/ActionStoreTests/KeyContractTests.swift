import ActionStore
import ChargeControl
import ChargeModel
import Testing

@Suite("Contract of the key repository")
struct KeyContractTests {
    private func key(_ name: String, at milliseconds: Int64 = 0) -> APIKey {
        APIKeyMaker.make(name: name, environment: .live, at: .at(milliseconds)).key
    }

    @Test(arguments: StoreKind.allCases)
    func keysAreListedAsTheyWereMadeOldestFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.keys() == [])
            let keys = [
                key("first", at: 5),
                APIKeyMaker.make(
                    name: "second", environment: .sandbox, user: "user_1", isReadOnly: true,
                    at: .at(1), expiresAt: .at(9)
                ).key,
            ]
            for key in keys { try await store.insert(key) }
            #expect(try await store.keys() == keys)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aNameIsFreeAgainOnceItsKeyIsRevoked(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = key("garage")
            let second = key("garage")
            try await store.insert(first)
            await expectRefusal { try await store.insert(second) }
            #expect(try await store.revoke("garage", at: .at(1)))
            try await store.insert(second)
            #expect(try await store.keys().map(\.revokedAt) == [.at(1), nil])
            #expect(try await store.keys().map(\.id) == [first.id, second.id])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aKeyIsRevokedOnceByNameOrID(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let named = key("garage")
            let other = key("office")
            try await store.insert(named)
            try await store.insert(other)
            #expect(try await !store.revoke("cellar", at: .at(1)))
            #expect(try await store.revoke(named.name, at: .at(1)))
            #expect(try await !store.revoke(named.name, at: .at(2)))
            #expect(try await !store.revoke(named.id, at: .at(2)))
            #expect(try await store.revoke(other.id, at: .at(3)))
            #expect(try await store.keys().map(\.revokedAt) == [.at(1), .at(3)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anIDIsMeantBeforeAName(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let meant = key("garage")
            let decoy = key(meant.id)
            try await store.insert(decoy)
            try await store.insert(meant)
            #expect(try await store.revoke(meant.id, at: .at(1)))
            #expect(try await store.keys().map(\.revokedAt) == [nil, .at(1)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aSecretBelongsToOneKey(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = key("garage")
            var second = key("office")
            second.hash = first.hash
            try await store.insert(first)
            await expectRefusal { try await store.insert(second) }
            #expect(try await store.keys() == [first])
        }
    }
}
