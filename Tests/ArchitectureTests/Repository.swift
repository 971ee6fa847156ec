import Foundation

/// The files of this repository that people wrote.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What the build leaves behind, and folders whose names start with a dot, are not looked into,
    /// but for these.
    private static let dotFiles = [".ci/run", ".swift-format", ".editorconfig", ".gitignore"]
    private static let folders = ["Sources", "Tests", "devices", "scripts"]
    private static let topFiles = ["Package.swift", "README.md"]

    /// All of them, read once.
    static let files = Result { try read() }

    private static func read() throws -> [SourceFile] {
        let paths = try folders.flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
                .map { folder + "/" + $0 }
        }
        return try (paths + topFiles + dotFiles).sorted().compactMap { path in
            guard !path.contains("__pycache__") else { return nil }
            let url = root.appending(path: path)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
                return nil
            }
            // Recordings are not all text, and are looked at all the same.
            return SourceFile(
                path: path, text: String(decoding: try Data(contentsOf: url), as: UTF8.self))
        }
    }

    static func entries(of folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
            .sorted()
    }
}
