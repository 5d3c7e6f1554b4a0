#!/usr/bin/perl
# cel_unicode.pl - writes cel_unicode_{categories,scripts,folds}.c into the folder that it stands in, from the Unicode
# tables of perl itself. Run it when a new perl brings a new Unicode; the result is kept in the tree.
use strict;
use warnings;
use FindBin;
use Unicode::UCD qw(prop_invlist prop_invmap prop_values prop_value_aliases);

my $version = Unicode::UCD::UnicodeVersion();

sub write_file {
    my ($what, $says, $body) = @_;
    open(my $out, '>', "$FindBin::Bin/cel_unicode_$what.c") or die $!;
    print $out "/* cel_unicode_$what.c - made by cel_unicode.pl from Unicode $version: $says. */\n";
    print $out "#include \"rules/cel/cel_unicode.h\"\n\n/* clang-format off */\n$body/* clang-format on */\n";
    close($out) or die $!;
}

sub lines_of {
    my ($text, $line) = ('', '   ');
    for my $item (@_) {
        if (length("$line $item,") > 100) {
            $text .= "$line\n";
            $line = '   ';
        }
        $line .= " $item,";
    }
    return "$text$line\n";
}

# The ranges of several classes in one table, and where in it each class stands.
sub classes {
    my ($what, $says, %inversions) = @_;
    my (@ranges, @classes);
    for my $name (sort keys %inversions) {
        my @list = @{$inversions{$name}};
        my $first = @ranges;
        push @list, 0x110000 if @list % 2;
        while (my ($low, $after) = splice(@list, 0, 2)) {
            push @ranges, sprintf('{0x%x, 0x%x}', $low, $after - 1);
        }
        push @classes, sprintf('{"%s", %d, %d}', $name, $first, @ranges - $first);
    }
    my $count = @classes;
    write_file($what, $says,
        "static const struct cel_range ranges[] = {\n" . lines_of(@ranges) . "};\n\n" .
        "static const struct cel_unicode_class classes[] = {\n" . lines_of(@classes) . "};\n\n" .
        "const struct cel_unicode_table cel_unicode_$what = {classes, $count, ranges};\n");
}

# All characters that fold to one, in order: each points to the next, the last to the first.
sub folds {
    my ($starts, $maps, undef, $default) = prop_invmap('Simple_Case_Folding');
    my (%orbits, %delta, @runs);
    for my $i (0 .. $#$starts) {
        next if $maps->[$i] eq $default;
        for my $c ($starts->[$i] .. $starts->[$i + 1] - 1) {
            push @{$orbits{$maps->[$i] + $c - $starts->[$i]}}, $c;
        }
    }
    for my $to (keys %orbits) {
        my %members = map { $_ => 1 } $to, @{$orbits{$to}};
        my @orbit = sort { $a <=> $b } keys %members;
        $delta{$orbit[$_]} = $orbit[($_ + 1) % @orbit] - $orbit[$_] for 0 .. $#orbit;
    }
    for my $c (sort { $a <=> $b } keys %delta) {
        my $run = $runs[-1];
        if ($run && $run->{delta} == $delta{$c} && $c - $run->{high} <= 2 &&
            ($run->{low} == $run->{high} || $run->{stride} == $c - $run->{high})) {
            $run->{stride} = $c - $run->{high};
            $run->{high} = $c;
            next;
        }
        # Capitals and small letters in turn are two runs side by side.
        my $other = $runs[-2];
        if ($other && $other->{delta} == $delta{$c} && $c - $other->{high} == 2 &&
            ($other->{low} == $other->{high} || $other->{stride} == 2)) {
            $other->{stride} = 2;
            $other->{high} = $c;
            next;
        }
        push @runs, {low => $c, high => $c, delta => $delta{$c}, stride => 1};
    }
    my @items = map { sprintf('{0x%x, 0x%x, %d, %d}', @$_{qw(low high delta stride)}) } @runs;
    my $count = @items;
    write_file('folds', 'simple case folding',
        "const struct cel_unicode_fold cel_unicode_folds[] = {\n" . lines_of(@items) . "};\n\n" .
        "const size_t cel_unicode_folds_count = $count;\n");
}

my @categories = qw(Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co);
classes('categories', 'general categories', map { $_ => [prop_invlist("gc=$_")] } @categories);

my %scripts;
for my $short (prop_values('Script')) {
    my ($code, $name) = prop_value_aliases('Script', $short);
    next unless defined $name;
    my @list = prop_invlist("Script=$name");
    $scripts{$name} = \@list if @list && $name ne 'Unknown';
}
classes('scripts', 'scripts', %scripts);
folds();
