import ChargeModel
import Foundation
import HTTPTypes
import Testing

@testable import AgentAPI

@Suite struct OpenAPITests {
    @Test func everyRouteIsInTheDocumentAndNothingElse() {
        let documented = OpenAPIContract.operations.map { "\($0.method) \($0.path)" }.sorted()
        let routed = AgentRouter.table.routes.map { "\($0.method.rawValue) \($0.pattern)" }.sorted()
        #expect(documented == routed)
    }

    @Test func theDocumentIsServedAsItIsAndFoundationReadsIt() async throws {
        let answer = try await APIHarness().get("/openapi.json")
        #expect(answer.status == 200)
        let document = try JSONSerialization.jsonObject(with: Data(answer.bytes)) as? [String: Any]
        #expect(document?["openapi"] as? String == "3.1.0")
    }

    @Test func onlyLivenessIsDocumentedWithoutAKey() {
        for (path, method, operation) in OpenAPIContract.operations {
            let isOpen = operation["security"] == []
            #expect(isOpen == (path == "/health" && method == "GET"))
            #expect(isOpen || operation["responses"]?["401"] != nil)
        }
    }

    @Test func everyErrorCodeIsInTheDocument() {
        let codes = OpenAPIContract.document["components"]?["schemas"]?["ErrorCode"]?["enum"]
        #expect(codes?.elements.compactMap(\.text) == APIErrorCode.allCases.map(\.rawValue))
    }

    @Test func theWordsOfTheModelAreInTheDocument() {
        let schemas = OpenAPIContract.document["components"]?["schemas"]
        func words(_ schema: String, _ property: String) -> [String]? {
            schemas?[schema]?["properties"]?[property]?["enum"]?.elements.compactMap(\.text)
        }
        #expect(words("Claim", "source") == ClaimSource.allCases.map(\.rawValue))
        #expect(words("Action", "errorCode") == ActionErrorCode.allCases.map(\.rawValue))
        #expect(words("SandboxOutcome", "errorCode") == ActionErrorCode.allCases.map(\.rawValue))
        #expect(
            schemas?["ActionState"]?["enum"]?.elements.compactMap(\.text)
                == ActionStateName.allCases.map(\.rawValue))
        #expect(
            schemas?["Recurrence"]?["properties"]?["days"]?["items"]?["enum"]?.elements
                .compactMap(\.text) == Weekday.allCases.map(\.rawValue))
    }

    @Test func readOnlyKeysAreRefusedWhereTheDocumentSaysSo() {
        for route in AgentRouter.table.routes {
            let operation = OpenAPIContract.operations.first {
                $0.path == route.pattern && $0.method == route.method.rawValue
            }
            let name = route.access == .control ? "Forbidden" : "OtherSite"
            #expect(
                operation?.operation["responses"]?["403"]?["$ref"]?.text
                    == "#/components/responses/\(name)", "\(route.pattern)")
        }
    }

    @Test func everyReferenceLeadsSomewhere() {
        func references(_ value: JSON) -> [String] {
            value.elements.flatMap(references)
                + value.members.flatMap { member in
                    member.name == "$ref"
                        ? [member.value.text ?? ""] : references(member.value)
                }
        }
        let all = Set(references(OpenAPIContract.document))
        #expect(all.count > 40)
        for reference in all {
            let target = reference.split(separator: "/").dropFirst().reduce(
                Optional(OpenAPIContract.document)
            ) { at, name in at?[String(name)] }
            #expect(target != nil, "\(reference)")
        }
    }

    @Test func theJudgeFindsWhatIsWrong() {
        let device = Scene.charging.json(at: Scene.now.monotonic, withSettings: false)
        let schema = OpenAPIContract.reference("Device")
        #expect(OpenAPIContract.problems(device, schema, at: "$") == [])
        guard case .object(let members) = device else {
            Issue.record("no object")
            return
        }
        for (index, member) in members.enumerated() {
            var lacking = members
            lacking.remove(at: index)
            #expect(!OpenAPIContract.problems(.object(lacking), schema, at: "$").isEmpty)
            var wrong = members
            wrong[index] = JSON.Member(member.name, 5)
            #expect(!OpenAPIContract.problems(.object(wrong), schema, at: "$").isEmpty)
        }
        let more = members + [JSON.Member("more", 1)]
        #expect(!OpenAPIContract.problems(.object(more), schema, at: "$").isEmpty)
    }
}
