//! Enums that a user chooses from, such as the activation function. Their names and help texts are
//! declared here without the command line, which `experiment::configuration` adds.

/// A value from a short list of named ones.
pub trait Choice: Copy + 'static {
    /// All values, in the order in which help texts list them.
    const ALL: &'static [Self];

    /// The name on the command line and in JSON.
    fn name(self) -> &'static str;

    /// The help text.
    fn help(self) -> &'static str;
}

/// Declares an enum that is a [`Choice`]: for each value its help text (one line), its identifier
/// and its name.
///
/// ```ignore
/// choices! {
///     /// The shape of a basis function.
///     pub enum BasisKind {
///         /// A bump
///         Gaussian = "gaussian",
///         /// A step
///         Sigmoid = "sigmoid",
///     }
/// }
/// ```
macro_rules! choices {
    (
        $(#[doc = $about:literal])+
        pub enum $name:ident {
            $( #[doc = $help:literal] $value:ident = $text:literal, )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( #[doc = $help] #[serde(rename = $text)] $value, )+
        }

        impl $crate::choice::Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }

            fn help(self) -> &'static str {
                match self { $(Self::$value => $help.trim_start(),)+ }
            }
        }
    };
}
pub(crate) use choices;

#[cfg(test)]
mod tests {
    use super::Choice;

    choices! {
        /// A colour.
        pub enum Color {
            /// Like blood
            Red = "red",
            /// Like grass at night
            DarkGreen = "dark-green",
        }
    }

    #[test]
    fn names_are_those_of_json_and_help_is_the_doc_comment() {
        let names: Vec<&str> = Color::ALL.iter().map(|color| color.name()).collect();
        assert_eq!(names, ["red", "dark-green"]);
        assert_eq!(Color::DarkGreen.help(), "Like grass at night");
        assert_eq!(serde_json::to_string(Color::ALL).unwrap(), r#"["red","dark-green"]"#);
        assert_eq!(serde_json::from_str::<Color>("\"dark-green\"").unwrap(), Color::DarkGreen);
    }
}
