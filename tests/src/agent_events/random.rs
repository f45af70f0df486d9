//! A small source of numbers that repeats itself: splitmix64.

/// The source.
pub(super) struct Random(u64);

impl Random {
    /// That of a session.
    pub(super) fn of(seed: u64, session: u64) -> Self {
        let mut random = Self(seed);
        let start = random.draw() ^ session.wrapping_mul(0xD134_2543_DE82_EF95);
        Self(start)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// A place in a list of this length.
    pub(super) fn place(&mut self, length: usize) -> usize {
        let place = self.below(u64::try_from(length).unwrap_or(1));
        usize::try_from(place).unwrap_or(0)
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.place(items.len())]
    }

    /// The name of a commit.
    pub(super) fn sha(&mut self) -> String {
        format!("{:016x}{:016x}{:08x}", self.draw(), self.draw(), self.below(0x1_0000_0000))
    }
}
