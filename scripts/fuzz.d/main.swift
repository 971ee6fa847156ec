// The program of scripts/fuzz: libFuzzer with one of the fuzz targets, named by EVSE_FUZZ_TARGET.
// Arguments are libFuzzer's own.
import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let name = ProcessInfo.processInfo.environment["EVSE_FUZZ_TARGET"] ?? ""

private let target: FuzzTarget = {
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
        exit(name.isEmpty ? 0 : 2)
    }
    return target
}()

private var count = CommandLine.argc
private var arguments = CommandLine.unsafeArgv

_ = target
exit(
    runFuzzer(&count, &arguments) { start, length in
        do {
            try target.check(Array(UnsafeBufferPointer(start: start, count: length)))
        } catch {
            FileHandle.standardError.write(Data("\(target.name): \(error)\n".utf8))
            preconditionFailure("a finding")
        }
        return 0
    })
