import Tensors
import Testing

/// XXH64 of known texts, as `xxhsum -H64` prints them.
@Suite struct FingerprintTests {
    @Test(arguments: [
        ("", "ef46db3751d8e999"),
        ("a", "d24ec4f1a98c6e5b"),
        ("abc", "44bc2cf5ad770999"),
        ("12345678", "d2d02f08cf7cfd4a"),
        ("a longer text", "064a753e7e0191b7"),
        ("exactly thirty-two bytes of text", "0d8587f9718fbff0"),
        ("a text of more than thirty-two bytes, with a rest of seven", "6de98f5572c4741a"),
    ])
    func matchesTheSpecification(_ text: String, _ expected: String) {
        var text = text
        let hash = text.withUTF8 { Fingerprint(UnsafeRawBufferPointer($0)).hexadecimal }
        #expect(hash == expected)
    }
}
