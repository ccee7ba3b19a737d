/// Routes to the same end, measured in turns within one run.
struct Comparison {
  let title: String
  /// What costs are given for: `image`, `glyph`.
  let item: String
  var clock = Clock.cpu
  /// So many of the first routes are what others can do: the fastest of them is the limit, to which
  /// all are compared.
  var limits = 1
  /// The name of a route over which gains are given, too.
  var rival: String?
  /// What grows from one route to the next.
  var axis: String?
  /// Whether memory is looked at: that takes a walk through the page tables for each route.
  var looksAtMemory = false
  let routes: [Route]
}
