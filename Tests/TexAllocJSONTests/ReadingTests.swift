import TexAlloc
import TexAllocJSON
import XCTest

final class ReadingTests: XCTestCase {}
