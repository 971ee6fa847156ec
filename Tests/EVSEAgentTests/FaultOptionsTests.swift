import ArgumentParser
import Testing
import WallboxModel

@testable import EVSEAgent

/// R41: faults on the command line.
struct FaultOptionsTests {
    @Test func r41_everyExampleOfTheListIsUnderstood() throws {
        for mode in FaultCatalog.modes {
            #expect(FaultOptions.list.contains(mode.example))
            #expect(FaultOptions.list.contains(mode.summary))
            let order = try FaultOptions.order(mode.example)
            #expect(order.name == mode.name)
            #expect((order.register != nil) == mode.needsRegister)
            #expect((order.words != nil) == mode.needsWords)
        }
        #expect(FaultOptions.list.split(separator: "\n").count == FaultCatalog.modes.count)
    }

    @Test func r41_everyKeyIsUnderstood() throws {
        let order = try FaultOptions.order(
            "delay:milliseconds=1500,share=12.5,count=3,start=10,on=reads,unit=any,seed=7")
        var expected = FaultOrder("delay")
        expected.milliseconds = 1500
        expected.perMillion = 125_000
        expected.count = 3
        expected.start = 10
        expected.on = "reads"
        expected.unit = "any"
        expected.seed = 7
        #expect(order == expected)
        #expect(try FaultOptions.order("register-words:words=0x7FC0/0").words == [0x7FC0, 0])
        #expect(try FaultOptions.order("cable-limit:amperes=6.5").amperes == 6.5)
    }

    @Test(arguments: [
        ("delay:millisecond=5", "Did you mean 'milliseconds'?"), ("delay:", "no key=value"),
        ("delay:5", "no key=value"), ("delay:milliseconds=soon", "a whole number"),
        ("drop:share=most", "a share in percent"), ("register-words:words=1//2", "words, such as"),
        ("stuck-register:register=", "a name"),
    ])
    func r41_whatIsNotUnderstoodIsSaid(_ text: String, _ part: String) {
        do {
            let order = try FaultOptions.order(text)
            Issue.record("\(order)")
        } catch {
            #expect("\(error)".contains(part), "\(error)")
        }
    }
}
