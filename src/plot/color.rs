//! Colours for cells and charts: two sequential maps, a diverging one, one categorical palette, a grey for missing.
//!
//! Sequential maps are d3's viridis and cividis (crate `colorous`). On a light page high values are dark, on a dark
//! page they are bright, so that what is high stands out from the background. The categorical palette starts with
//! the seven chromatic colours of Okabe and Ito (2008); each further entry is the sRGB colour farthest (OKLab,
//! Ottosson 2020) from all earlier ones under normal, deuteranope and protanope sight (Machado et al. 2009). Entries
//! with less than 3 : 1 on the dark surface were then exchanged for those with at least 3 : 1 there and 2.2 : 1 on white
//! that leave all distances largest (coordinate ascent from twelve starts). The diverging map runs from blue through
//! the page's neutral to orange, straight in sRGB between five colours a theme.
//! NaN is shown as missing; values outside a range take the colour of its end.

use super::scale::floor_index;

/// A colour: red, green, blue in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// The colour as `#rrggbb`, for styles.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// WCAG 2 relative luminance, 0 (black) to 1 (white).
    pub fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|byte| {
            let c = f64::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }
}

/// Whether colours are seen on a light or a dark page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on a light page.
    #[default]
    Light,
    /// Light ink on a dark page.
    Dark,
}

/// A sequential colour map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorScale {
    /// Viridis.
    #[default]
    Viridis,
    /// Cividis, made for colour-blind readers.
    Cividis,
}

impl ColorScale {
    /// The colour of `t` in 0 (low) to 1 (high); NaN is [`missing`].
    pub fn color(self, t: f64, theme: Theme) -> Rgb {
        if t.is_nan() {
            return missing(theme);
        }
        let t = t.clamp(0.0, 1.0);
        // The ends nearest to the page's own background are left out.
        let position = match theme {
            Theme::Light => 0.90 - 0.90 * t,
            Theme::Dark => 0.18 + 0.82 * t,
        };
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Cividis => colorous::CIVIDIS,
        };
        let color = gradient.eval_continuous(position);
        Rgb(color.r, color.g, color.b)
    }
}

/// Five colours of the diverging map, from −1 to 1.
fn diverging_stops(theme: Theme) -> [Rgb; 5] {
    match theme {
        Theme::Light => [
            Rgb(0x00, 0x45, 0x80),
            Rgb(0x4c, 0x9a, 0xcf),
            Rgb(0xf2, 0xf3, 0xf5),
            Rgb(0xe8, 0x86, 0x3c),
            Rgb(0x8f, 0x30, 0x00),
        ],
        Theme::Dark => [
            Rgb(0xa6, 0xdc, 0xff),
            Rgb(0x36, 0x82, 0xb8),
            Rgb(0x26, 0x2b, 0x32),
            Rgb(0xc0, 0x66, 0x1c),
            Rgb(0xff, 0xcf, 0x9e),
        ],
    }
}

/// The diverging colour of `t` in −1 (blue) through 0 (neutral) to 1 (orange); NaN is [`missing`].
pub fn diverging(t: f64, theme: Theme) -> Rgb {
    if t.is_nan() {
        return missing(theme);
    }
    let stops = diverging_stops(theme);
    let position = (t.clamp(-1.0, 1.0) + 1.0) * 2.0;
    let i = floor_index(position).min(stops.len() - 2);
    let part = position - i as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    let (a, b) = (stops[i], stops[i + 1]);
    Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Cells without a value or outside of what is chosen.
pub fn missing(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => Rgb(0xc9, 0xcc, 0xd1),
        Theme::Dark => Rgb(0x4a, 0x4f, 0x57),
    }
}

/// The palette for categories; see the file's header for how it was made.
pub const CATEGORICAL: [Rgb; 24] = [
    Rgb(0xe6, 0x9f, 0x00),
    Rgb(0x56, 0xb4, 0xe9),
    Rgb(0x00, 0x9e, 0x73),
    Rgb(0xcc, 0x79, 0xa7),
    Rgb(0x00, 0x72, 0xb2),
    Rgb(0xd5, 0x5e, 0x00),
    Rgb(0xf0, 0xe4, 0x42),
    Rgb(0x96, 0x1e, 0xff),
    Rgb(0x96, 0x5a, 0x78),
    Rgb(0x96, 0x69, 0xff),
    Rgb(0xa5, 0xb4, 0x78),
    Rgb(0x4b, 0xf0, 0xff),
    Rgb(0xd2, 0x1e, 0x2d),
    Rgb(0x5a, 0xe1, 0x87),
    Rgb(0xff, 0x78, 0xd2),
    Rgb(0xff, 0x4b, 0x69),
    Rgb(0xe1, 0x0f, 0xd2),
    Rgb(0xb4, 0x3c, 0xa5),
    Rgb(0xc3, 0xe1, 0xc3),
    Rgb(0x78, 0x69, 0x4b),
    Rgb(0x87, 0x96, 0xff),
    Rgb(0xc3, 0xa5, 0xa5),
    Rgb(0xb4, 0xd2, 0x3c),
    Rgb(0xa5, 0xc3, 0xff),
];

/// The colour of category `code`; the palette repeats after its last entry.
pub fn category(code: usize) -> Rgb {
    CATEGORICAL[code % CATEGORICAL.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Smallest OKLab distances reached when the palette was made, rounded down.
    const APART_NORMAL: f64 = 0.09;
    const APART_DICHROMAT: f64 = 0.055;

    fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }

    fn deuteranope([r, g, b]: [f64; 3]) -> [f64; 3] {
        [
            0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
            0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
            -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
        ]
        .map(|c| c.clamp(0.0, 1.0))
    }

    fn protanope([r, g, b]: [f64; 3]) -> [f64; 3] {
        [
            0.152_286 * r + 1.052_583 * g - 0.204_868 * b,
            0.114_503 * r + 0.786_281 * g + 0.099_216 * b,
            -0.003_882 * r - 0.048_116 * g + 1.051_998 * b,
        ]
        .map(|c| c.clamp(0.0, 1.0))
    }

    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (a.luminance() + 0.05, b.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    fn smallest_distance(see: impl Fn([f64; 3]) -> [f64; 3]) -> f64 {
        let seen: Vec<_> = CATEGORICAL.iter().map(|color| oklab(see(color.linear()))).collect();
        let mut smallest = f64::INFINITY;
        for (i, a) in seen.iter().enumerate() {
            for b in &seen[i + 1..] {
                let squared: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                smallest = smallest.min(squared.sqrt());
            }
        }
        smallest
    }

    #[test]
    fn categories_can_be_told_apart() {
        assert!(smallest_distance(|c| c) > APART_NORMAL);
        assert!(smallest_distance(deuteranope) > APART_DICHROMAT);
        assert!(smallest_distance(protanope) > APART_DICHROMAT);
    }

    #[test]
    fn categories_stand_out_from_the_dark_surface() {
        // `--surface` of the page's dark theme, on which the map lies.
        let surface = Rgb(0x1b, 0x1f, 0x24);
        for (i, &color) in CATEGORICAL.iter().enumerate() {
            let ratio = contrast(color, surface);
            assert!(ratio >= 3.0, "entry {} {} has {ratio:.2} : 1", i + 1, color.css());
        }
    }

    #[test]
    fn diverging_colours_leave_the_middle_evenly() {
        for theme in [Theme::Light, Theme::Dark] {
            let from_middle = |t: f64| contrast(diverging(t, theme), diverging(0.0, theme));
            for step in 0..20 {
                let (t, next) = (f64::from(step) / 20.0, f64::from(step + 1) / 20.0);
                assert!(from_middle(next) > from_middle(t) && from_middle(-next) > from_middle(-t));
                assert!((0.75..1.34).contains(&(from_middle(next) / from_middle(-next))), "{theme:?} {next}");
            }
            assert!(from_middle(1.0) > 7.0 && from_middle(-1.0) > 7.0);
            for see in [deuteranope, protanope] {
                let [blue, orange] = [-0.5, 0.5].map(|t| oklab(see(diverging(t, theme).linear())));
                let apart: f64 = blue.iter().zip(orange).map(|(a, b)| (a - b).powi(2)).sum();
                assert!(apart.sqrt() > 0.15, "{theme:?}: the sides look alike");
            }
            assert_eq!(diverging(f64::NAN, theme), missing(theme));
            assert_eq!(diverging(f64::INFINITY, theme), diverging(1.0, theme));
        }
    }

    #[test]
    fn high_values_stand_out_from_the_page() {
        for scale in [ColorScale::Viridis, ColorScale::Cividis] {
            let luminance = |t: f64, theme| scale.color(t, theme).luminance();
            for step in 0..20 {
                let (t, next) = (f64::from(step) / 20.0, f64::from(step + 1) / 20.0);
                assert!(luminance(t, Theme::Light) > luminance(next, Theme::Light));
                assert!(luminance(t, Theme::Dark) < luminance(next, Theme::Dark));
            }
        }
    }

    #[test]
    fn nan_is_missing_and_outside_is_clamped() {
        let scale = ColorScale::Viridis;
        assert_eq!(scale.color(f64::NAN, Theme::Dark), missing(Theme::Dark));
        assert_eq!(scale.color(-3.0, Theme::Light), scale.color(0.0, Theme::Light));
        assert_eq!(scale.color(f64::INFINITY, Theme::Light), scale.color(1.0, Theme::Light));
    }

    #[test]
    fn css_is_six_hex_digits() {
        assert_eq!(Rgb(0, 114, 178).css(), "#0072b2");
        assert_eq!(category(24), category(0));
    }
}
