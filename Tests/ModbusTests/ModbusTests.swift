import Modbus
import Testing

struct ModbusExceptionTests {
    @Test("R25 all 256 exception codes are classified")
    func allExceptionCodesAreClassified() {
        for raw in UInt8.min...UInt8.max {
            let expected: ModbusException.Handling =
                switch raw {
                case 1, 2, 3: .permanent
                case 5: .inProgress
                default: .transient
                }
            #expect(ModbusException(rawValue: raw).handling == expected, "code \(raw)")
        }
    }

    @Test func exceptionsAreNamedForPeople() {
        #expect(
            ModbusException.illegalDataAddress.description == "exception 2 (illegal data address)")
        #expect(ModbusException(rawValue: 99).description == "exception 99 (unknown)")
    }
}

struct ModbusErrorTests {
    @Test("R06 the link is reopened after anything but a clean answer")
    func linkIsReopenedAfterAnythingButACleanAnswer() {
        #expect(ModbusError.timeout.requiresReopening)
        #expect(ModbusError.connectionLost(errno: 104).requiresReopening)
        #expect(ModbusError.malformed(.writeEcho).requiresReopening)
        #expect(ModbusError.malformed(.unsolicitedBytes).requiresReopening)
        #expect(!ModbusError.busShutDown.requiresReopening)
        for raw in UInt8.min...UInt8.max {
            #expect(!ModbusError.exception(ModbusException(rawValue: raw)).requiresReopening)
        }
    }

    @Test("R25 what may be tried again")
    func whatMayBeTriedAgain() {
        #expect(ModbusError.timeout.isWorthRetrying)
        #expect(ModbusError.connectionLost(errno: 104).isWorthRetrying)
        #expect(ModbusError.malformed(.length(3)).isWorthRetrying)
        #expect(!ModbusError.busShutDown.isWorthRetrying)
        #expect(!ModbusError.exception(.illegalDataAddress).isWorthRetrying)
        #expect(ModbusError.exception(.serverDeviceBusy).isWorthRetrying)
    }

    @Test func errorsSayWhatWasWrong() {
        #expect(
            ModbusError.malformed(.unit(expected: 1, received: 2)).description
                == "wrong answer: unit 2 instead of 1")
        #expect(ModbusError.connectionLost(errno: 111).description.contains("111"))
        #expect(ModbusError.exception(.acknowledge).description.contains("still working"))
    }
}

struct ModbusOperationTests {
    @Test func operationsKnowWhatTheyTouch() {
        let read = ModbusOperation.readInputRegisters(address: 9, count: 4)
        #expect((read.functionCode, read.address, read.count) == (4, 9, 4))
        #expect(!read.isWrite)
        let write = ModbusOperation.writeMultipleRegisters(address: 9, values: [1, 2])
        #expect((write.functionCode, write.address, write.count) == (16, 9, 2))
        #expect(write.isWrite)
    }

    @Test func requestsReadLikeSentences() {
        let read = ModbusRequest(unit: 1, operation: .readHoldingRegisters(address: 7, count: 1))
        #expect(read.description == "unit 1: read 1 holding register at 7")
        let write = ModbusRequest(unit: 2, operation: .writeSingleRegister(address: 7, value: 9))
        #expect(write.description == "unit 2: write 9 to register 7")
        let coils = ModbusRequest(unit: 3, operation: .readCoils(address: 0, count: 2))
        #expect(coils.description == "unit 3: read 2 coils at 0")
        let coil = ModbusRequest(unit: 3, operation: .writeSingleCoil(address: 5, isOn: true))
        #expect(coil.description == "unit 3: switch coil 5 on")
    }
}

struct SerialSettingsTests {
    @Test func settingsReadAsPeopleWriteThem() {
        #expect(SerialSettings(baud: 19_200, parity: .even).description == "19200 8E1")
        #expect(SerialSettings(baud: 57_600, parity: .none, stopBits: 2).description == "57600 8N2")
        #expect(SerialSettings(baud: 9_600, parity: .odd).description == "9600 8O1")
    }

    @Test func theGapBetweenFramesIsThatOfTheSpecification() {
        let slow = SerialSettings(baud: 9_600, parity: .even)
        // 11 bits of 104.17 us each, three and a half times.
        #expect(slow.characterTime == .nanoseconds(1_145_833))
        #expect(slow.frameGap > .microseconds(4_010) && slow.frameGap < .microseconds(4_011))
        #expect(SerialSettings(baud: 9_600, parity: .none).characterTime == .nanoseconds(1_041_666))
        for baud in SerialSettings.bauds where baud > 19_200 {
            #expect(SerialSettings(baud: baud).frameGap == .microseconds(1_750))
        }
    }
}
