//! A strict reader of OpenMetrics 1.0 text, as far as counters and gauges go.
//!
//! <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>, sections "Text format" and
//! "Overall structure".

use std::collections::BTreeSet;

type Labels = Vec<(String, String)>;

pub struct Family {
    pub name: String,
    kind: Option<String>,
    unit: Option<String>,
    help: Option<String>,
    samples: Vec<(String, Labels, String)>,
}

pub struct Exposition {
    pub families: Vec<Family>,
}

impl Exposition {
    /// The value of the one sample with this name and exactly these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<&str> {
        let labels: Labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let samples = self.families.iter().flat_map(|family| &family.samples);
        samples
            .filter(|sample| sample.0 == name && sample.1 == labels)
            .map(|sample| sample.2.as_str())
            .next()
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text
            .strip_suffix("# EOF\n")
            .ok_or("the text does not end with # EOF and a line feed")?;
        let mut families: Vec<Family> = Vec::new();
        for line in text.split_terminator('\n') {
            read(line, &mut families).map_err(|reason| format!("{reason}: {line}"))?;
        }
        if !text.is_empty() && !text.ends_with('\n') {
            return Err("a line has no end".to_owned());
        }
        let mut names = BTreeSet::new();
        for family in &families {
            family
                .check()
                .map_err(|reason| format!("{}: {reason}", family.name))?;
            if !names.insert(family.name.clone()) {
                return Err(format!("{} is not in one piece", family.name));
            }
        }
        Ok(Self { families })
    }
}

fn read(line: &str, families: &mut Vec<Family>) -> Result<(), String> {
    let Some(comment) = line.strip_prefix('#') else {
        let sample = sample(line)?;
        let family = families.last_mut().ok_or("a sample before any family")?;
        family.samples.push(sample);
        return Ok(());
    };
    let mut words = comment.splitn(4, ' ');
    let (Some(""), Some(keyword), Some(name), Some(value)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err("no description".to_owned());
    };
    if families.last().is_none_or(|family| family.name != name) {
        families.push(Family {
            name: is_name(name).then(|| name.to_owned()).ok_or("no name")?,
            kind: None,
            unit: None,
            help: None,
            samples: Vec::new(),
        });
    }
    let family = families.last_mut().ok_or("no family")?;
    if !family.samples.is_empty() {
        return Err("a description after samples".to_owned());
    }
    let place = match keyword {
        "TYPE" => &mut family.kind,
        "UNIT" => &mut family.unit,
        "HELP" => &mut family.help,
        _ => return Err("an unknown keyword".to_owned()),
    };
    match place.replace(value.to_owned()) {
        None => Ok(()),
        Some(_) => Err("described twice".to_owned()),
    }
}

impl Family {
    fn check(&self) -> Result<(), String> {
        let (Some(kind), Some(help)) = (&self.kind, &self.help) else {
            return Err("TYPE or HELP is missing".to_owned());
        };
        if help.contains(['"', '\\']) {
            return Err("the help has characters that must be escaped".to_owned());
        }
        let unit_of_name = ["seconds", "bytes"]
            .into_iter()
            .find(|unit| self.name.ends_with(&format!("_{unit}")));
        if self.unit.as_deref() != unit_of_name {
            return Err("the unit is not that of the name".to_owned());
        }
        let sample_name = match kind.as_str() {
            "counter" => format!("{}_total", self.name),
            "gauge" => self.name.clone(),
            _ => return Err("an unknown type".to_owned()),
        };
        // "Reserved suffixes": a family must not look like a sample of another one.
        if ["_total", "_created", "_count", "_sum", "_bucket", "_info"]
            .iter()
            .any(|suffix| self.name.ends_with(suffix))
        {
            return Err("the name ends with a reserved suffix".to_owned());
        }
        let mut seen = BTreeSet::new();
        for (name, labels, value) in &self.samples {
            if *name != sample_name {
                return Err(format!("a sample is called {name}"));
            }
            if kind == "counter" && value.starts_with('-') {
                return Err("a counter below zero".to_owned());
            }
            if !seen.insert(labels) {
                return Err(format!("two samples have the labels {labels:?}"));
            }
        }
        Ok(())
    }
}

/// `name{label="value",…} number`
fn sample(line: &str) -> Result<(String, Labels, String), String> {
    let name_end = line.find(['{', ' ']).ok_or("no sample")?;
    let (name, rest) = line.split_at(name_end);
    if !is_name(name) {
        return Err("no name".to_owned());
    }
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.strip_prefix(' ').ok_or("no space before the value")?;
    let is_number = value.parse::<f64>().is_ok()
        && value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if !is_number {
        return Err("no number".to_owned());
    }
    Ok((name.to_owned(), labels, value.to_owned()))
}

fn labels(mut rest: &str) -> Result<(Labels, &str), String> {
    let mut labels: Labels = Vec::new();
    loop {
        let (name, value) = rest.split_once("=\"").ok_or("no label")?;
        if !is_name(name) || labels.iter().any(|(other, _)| other == name) {
            return Err("no name of a label, or one twice".to_owned());
        }
        let mut text = String::new();
        let mut characters = value.chars();
        loop {
            match characters.next().ok_or("a label without end")? {
                '"' => break,
                '\\' => text.push(match characters.next() {
                    Some('n') => '\n',
                    Some(same @ ('\\' | '"')) => same,
                    _ => return Err("an unknown escape".to_owned()),
                }),
                other => text.push(other),
            }
        }
        labels.push((name.to_owned(), text));
        rest = characters.as_str();
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    let rest = rest.strip_prefix('}').ok_or("labels without end")?;
    Ok((labels, rest))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|character: char| character.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
