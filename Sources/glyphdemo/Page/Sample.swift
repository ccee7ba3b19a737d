/// The texts of the page.
enum Sample {
  static let heading = "TexAlloc"
  static let subtitle = "photographs and text in texture memory, without a copy"
  static let paragraph = """
    Every picture above was decoded straight into a slot of the pool, and the GPU reads that very \
    memory. Every letter was rasterised once, into one page beside the pictures, and is drawn from \
    there: affine waffles, AVATAR, “quotes”, 1234567890. Nothing was uploaded, unless the summary \
    says so.
    """

  static let liveSubtitle = "a camera, a stream, photographs and text in buffers that all share"
  static let liveParagraph = """
    The camera and the decoder write where the GPU samples; photographs were decoded and letters \
    rasterised there, once; and the GPU renders this page where the display scans it out. Camera, \
    decoder, GPU and display have agreed on the memory, and none of them allocated it, unless the \
    summary says so.
    """

  /// One line for each script, with the language that it is set in.
  static let lines: [(script: String, language: String, text: String)] = [
    ("Greek", "el", "Το φως γράφει την εικόνα μία μόνο φορά"),
    ("Cyrillic", "ru", "Свет рисует картину всего один раз"),
    ("Arabic", "ar", "الضوء يرسم الصورة مرة واحدة (٢٠٢٦) فقط"),
    ("Hebrew", "he", "האור מצייר את התמונה ב־GPU רק פעם 1 אחת"),
    ("Devanagari", "hi", "प्रकाश चित्र को केवल एक बार लिखता है"),
    ("CJK", "ja", "光は絵を一度だけ描く 漢字とかな 한국어 汉字"),
  ]
}
