# `make` prints what there is. MESA=system takes the machine's own Mesa.

SWIFT ?= swift
sources := Sources Tests Fuzz Examples Package.swift
sanitizer ?= address thread
PREFIX ?= /usr/local
fuzzer ?= ranges packer jpeg entropy png fonts wire peer
seconds ?= 600

.PHONY: help demo test examples library install check-library check-toolkits dist vm-test vm-soak vm-shell bench readme \
  bundle sanitize fuzz fuzz-ranges fuzz-packer fuzz-jpeg fuzz-entropy fuzz-png fuzz-fonts fuzz-wire \
  fuzz-peer lint format docs clean \
  distclean dependencies swift

help:
	@echo 'make demo      draw the gallery into out/glyphdemo.png  (ARGS="--help" for its options)'
	@echo 'make test      build, lint, run the tests'
	@echo 'make examples  run the packages that show how to write parts of one'"'"'s own'
	@echo 'make library   build what C links: out/library/libtexalloc.so'
	@echo 'make install   put it with its header where pkg-config finds it, and the programs with their man'
	@echo '               pages and completions beside it (PREFIX=/usr/local DESTDIR=)'
	@echo 'make check-library   build programs of C from what is installed, and run them'
	@echo 'make check-toolkits  the same for programs of SDL, GTK and Wayland, whose packages (46 MB) it installs'
	@echo 'make dist      archive the sources: out/texalloc-VERSION.tar.xz'
	@echo 'make vm-test   run the tests that need drivers, in guests; vm-shell: a shell in one'
	@echo 'make vm-soak   run all that touches memory or devices there, and more of it'
	@echo 'make bench     measure, in some minutes    (ARGS=--quick in less than one; --full, --help)'
	@echo 'make readme    the same, into the figures of README.md and Docs/benchmark.md'
	@echo 'make bundle    archive the programs for another machine, with a script that checks its GPU'
	@echo 'make sanitize  run the tests under sanitizers           (sanitizer=address or thread: one)'
	@echo 'make fuzz      random events in the allocators, random files in the decoders of JPEG and PNG,'
	@echo '               in the entropy decoder and as fonts, random messages between processes'
	@echo '               (seconds=600 for each; fuzzer=ranges, packer, jpeg, entropy, png, fonts,'
	@echo '               wire, peer: one)'
	@echo 'make lint      check the style'
	@echo 'make format    put the style right'
	@echo 'make docs      write the reference into out/docs'
	@echo 'make clean     remove what was built; distclean: what was unpacked, too'
	@echo
	@echo 'MESA=system    draw with the system'"'"'s Mesa instead of the one in .deps/mesa'

# Quick when nothing is missing, so that it has no stamp that could be wrong.
dependencies:
	@Scripts/install-dependencies

swift:
	@Scripts/install-dependencies swift

demo: dependencies
	$(SWIFT) build -c release --product glyphdemo
	@mkdir -p out
	@Scripts/with-mesa .build/release/glyphdemo \
	  -o out/glyphdemo.png --report out/glyphdemo.json $(ARGS)

# Programs are tested as users get them, too: the optimiser has minds of its own. The closing lines
# are those of all tests. Mesa is for what draws, not for what compiles.
test: dependencies
	$(SWIFT) build --build-tests
	@$(MAKE) --no-print-directory lint
	$(SWIFT) build -c release --product glyphdemo
	$(SWIFT) build -c release --product texctl
	$(SWIFT) build -c release --product texbench
	$(SWIFT) build -c release --product watcheddecode
	TEXALLOC_PROGRAMS=.build/release Scripts/with-mesa $(SWIFT) test --skip-build \
	  --disable-swift-testing --filter '(PictureTests|CommandTests|MemoryTests)'
	Scripts/with-mesa $(SWIFT) test --skip-build --disable-swift-testing
	@$(MAKE) --no-print-directory examples
	@VM/test

# Files that are new in a dependency are looked for when the package itself has changed.
examples: dependencies
	@touch Examples/OwnHeap/Package.swift
	$(SWIFT) run --package-path Examples/OwnHeap --scratch-path .build-own-heap ownheap
	@$(MAKE) --no-print-directory check-library
	@Scripts/check-toolkits

library: dependencies
	@Scripts/make-library

install: dependencies
	@Scripts/make-library install $(PREFIX) $(DESTDIR)
	@Scripts/install-programs $(PREFIX) $(DESTDIR)

# Into an empty folder; the pictures that they draw lie in out/library.
check-library: dependencies
	@Scripts/check-library

# What is there of toolkits is checked by `make examples`, too. Screenshots lie in out/toolkits.
check-toolkits: dependencies
	@Scripts/install-dependencies toolkits
	@Scripts/check-toolkits

# What is committed. Built offline it wants the Swift packages beside it, and nothing else.
dist:
	@mkdir -p out
	@version=$$(sed -n 's/^#define TEXALLOC_VERSION_M[A-Z]* //p; s/^#define TEXALLOC_VERSION_PATCH //p' \
	  Sources/CTexAlloc/texalloc.h | paste -s -d .) && \
	  git archive --prefix=texalloc-$$version/ HEAD | xz >out/texalloc-$$version.tar.xz && \
	  ls -l out/texalloc-$$version.tar.xz

vm-test: dependencies
	$(SWIFT) build --build-tests
	@VM/test

vm-soak: dependencies
	$(SWIFT) build --build-tests
	@VM/test soak

# ARGS="--virgl" for one with a GPU.
vm-shell: dependencies
	@VM/run $(ARGS)

bench: dependencies
	$(SWIFT) build -c release --product texbench
	@Scripts/with-mesa .build/release/texbench all $(ARGS)

# Into out/bench.json, and from there into README.md, Docs/benchmark.md and Docs/benchmark.svg.
readme: dependencies
	$(SWIFT) build -c release --product texbench
	@mkdir -p out
	@Scripts/with-mesa .build/release/texbench all --json $(ARGS) >out/bench.json
	@.build/release/texbench show out/bench.json --readme README.md --tables Docs/benchmark.md \
	  --plot Docs/benchmark.svg

bundle: dependencies
	@Scripts/make-bundle

sanitize: dependencies
	@Scripts/sanitize $(sanitizer)

# The fuzzers want to be the program, so they are built beside the package. Finds are kept in out/fuzz.
# What Swift's weak references hold looks like a leak.
fuzz: $(addprefix fuzz-,$(fuzzer))

fuzz-ranges: swift
	@mkdir -p out/fuzz/corpus
	$(SWIFT)c -O -swift-version 6 -package-name TexAlloc -sanitize=fuzzer,address -parse-as-library \
	  -module-name Fuzz -o out/fuzz/ranges Fuzz/*.swift Sources/TexAlloc/Pool/Ranges/RangeAllocator*.swift \
	  Sources/TexAlloc/Formats/Int+Rounding.swift
	out/fuzz/ranges -max_total_time=$(seconds) -max_len=3000 -artifact_prefix=out/fuzz/ \
	  out/fuzz/corpus

fuzz-packer: swift
	@mkdir -p out/fuzz/packer-corpus
	$(SWIFT)c -O -swift-version 6 -sanitize=fuzzer,address -parse-as-library -module-name Fuzz \
	  -o out/fuzz/packer Fuzz/Packer/*.swift \
	  $(addprefix Sources/TexAllocAtlas/,SkylinePacker.swift SkylinePacker+Removal.swift Skyline.swift \
	    HoleSet.swift TexelBitmap.swift TexelRectangle.swift StripSet.swift)
	out/fuzz/packer -max_total_time=$(seconds) -max_len=3000 -artifact_prefix=out/fuzz/ \
	  out/fuzz/packer-corpus

fuzz-jpeg: dependencies
	@mkdir -p out/fuzz/jpeg
	@Scripts/make-fuzz-seeds out/fuzz/jpeg-seeds
	$(SWIFT) build -c release --package-path Fuzz/Decoder --scratch-path .build-fuzz \
	  --sanitize fuzzer --sanitize address -Xswiftc -parse-as-library \
	  -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
	ASAN_OPTIONS=detect_leaks=0 .build-fuzz/release/jpegfuzzer -max_total_time=$(seconds) -max_len=20000 -timeout=20 \
	  -dict=Fuzz/Decoder/jpeg.dict -artifact_prefix=out/fuzz/ out/fuzz/jpeg out/fuzz/jpeg-seeds

# Beside the toolchain's own compiler there is its linker.
fuzz-entropy: dependencies
	@mkdir -p out/fuzz/entropy
	@Scripts/make-fuzz-seeds out/fuzz/jpeg-seeds
	$(dir $(shell command -v $(SWIFT)))clang -O2 -g -fuse-ld=lld -fsanitize=fuzzer,address,undefined \
	  $(addprefix -I,Sources/CHuffman/include Sources/CStreaming/include Tests/CCoefficients/include) \
	  -o out/fuzz/entropyfuzzer Fuzz/EntropyFuzzer.c \
	  $(wildcard Sources/CHuffman/*.c Sources/CStreaming/*.c Tests/CCoefficients/*.c) -ljpeg
	out/fuzz/entropyfuzzer -max_total_time=$(seconds) -max_len=20000 -dict=Fuzz/Decoder/jpeg.dict \
	  -artifact_prefix=out/fuzz/ out/fuzz/entropy out/fuzz/jpeg-seeds

fuzz-png: dependencies
	@mkdir -p out/fuzz/png
	@Scripts/make-png-seeds out/fuzz/png-seeds
	$(SWIFT) build -c release --package-path Fuzz/PNG --scratch-path .build-fuzz-png \
	  --sanitize fuzzer --sanitize address -Xswiftc -parse-as-library \
	  -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
	ASAN_OPTIONS=detect_leaks=0 .build-fuzz-png/release/pngfuzzer -max_total_time=$(seconds) -max_len=20000 \
	  -timeout=20 -dict=Fuzz/PNG/png.dict -artifact_prefix=out/fuzz/ out/fuzz/png out/fuzz/png-seeds

# Small fonts of the machine to begin with.
fuzz-fonts: dependencies
	@mkdir -p out/fuzz/fonts out/fuzz/font-seeds
	@find /usr/share/fonts -size -16k \( -name '*.ttf' -o -name '*.otf' \) -exec cp {} out/fuzz/font-seeds \;
	$(SWIFT) build -c release --package-path Fuzz/Fonts --scratch-path .build-fuzz-fonts \
	  --sanitize fuzzer --sanitize address -Xswiftc -parse-as-library \
	  -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
	ASAN_OPTIONS=detect_leaks=0 .build-fuzz-fonts/release/fontfuzzer -max_total_time=$(seconds) \
	  -max_len=20000 -timeout=20 -artifact_prefix=out/fuzz/ out/fuzz/fonts out/fuzz/font-seeds

fuzz-wire: swift
	@mkdir -p out/fuzz/wire-corpus
	$(SWIFT)c -O -swift-version 6 -package-name TexAlloc -sanitize=fuzzer,address -parse-as-library \
	  -enable-experimental-feature Lifetimes -module-name Fuzz -o out/fuzz/wire Fuzz/Wire/*.swift \
	  Sources/TexAlloc/Sharing/Wire/*.swift $(addprefix Sources/TexAlloc/Formats/,Colour.swift \
	  FormatTable.swift Fourcc.swift Fourcc+Known.swift ImageLayout.swift ImageLayout+Planes.swift \
	  Int+Rounding.swift Orientation.swift PlaneShape.swift) \
	  $(addprefix Sources/TexAlloc/Attributes/,AttributeField.swift BufferAttributes.swift)
	out/fuzz/wire -max_total_time=$(seconds) -max_len=3000 -artifact_prefix=out/fuzz/ \
	  -dict=Fuzz/Wire/wire.dict out/fuzz/wire-corpus

fuzz-peer: dependencies
	$(SWIFT) build -c release --product texctl
	Fuzz/Peer/fuzz-peer .build/release/texctl $(seconds)

lint: swift
	$(SWIFT) format lint --strict --parallel --recursive $(sources)

format: swift
	$(SWIFT) format --in-place --parallel --recursive $(sources)

docs: dependencies
	@Scripts/make-docs

clean:
	rm -rf .build .build-* out

distclean: clean
	rm -rf .deps Package.resolved Examples/*/Package.resolved
