# SOAP::Lite, with which FHEM and many scripts speak to the box, against the program, which it takes for a FRITZ!Box.
#
# Usage: soap-lite.pl PORT TLS-PORT
#
# Prints "> WHAT<tab>EXPECTED<tab>SEEN" for everything it looks at. The passwords are in the environment: ADMIN, PHONE.

use strict;
use warnings;

use SOAP::Lite;

my ($plain, $secure) = @ARGV;
my $kind = 'urn:dslforum-org:service:';
my $url  = 'http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>';
my ($user, $password);

# Asked when the first challenge comes, of a digest as well; every client stays with what it got.
sub SOAP::Transport::HTTP::Client::get_basic_credentials { return ($user, $password) }

sub told { print '> ', join("\t", map { ($_ // 'nothing') =~ tr/\n\t/  /r } @_), "\n"; return }

sub client {
    my ($base, $service, $path) = @_;
    my %unverified = (ssl_opts => [SSL_verify_mode => 0, verify_hostname => 0]);
    my $soap = SOAP::Lite->on_fault(sub { })->uri("$kind$service");
    return $soap->proxy("$base/upnp/control/$path", timeout => 20, %unverified)->readable(1);
}

# The results of an action by name; or "error", with the code of the fault or else what the transport says.
sub call {
    my ($soap, $action, @arguments) = @_;
    my @data;
    while (my ($name, $value) = splice @arguments, 0, 2) {
        push @data, SOAP::Data->name($name => $value);
    }
    my $answer = $soap->call($action => @data) or return { error => $soap->transport->status };
    return { error => $answer->faultdetail->{UPnPError}{errorCode} } if $answer->fault;
    # An answer without results is the blanks between its tags.
    my $results = ($answer->body // {})->{"${action}Response"};
    return ref $results ? $results : { error => defined $results ? 'none' : 'no answer' };
}

sub steer {
    my ($way, $base, $domain) = @_;
    my @remote = ($base, 'X_AVM-DE_RemoteAccess:1', 'x_remote');
    ($user, $password) = ('admin', $ENV{ADMIN});
    my $remote = client(@remote);
    my $info = call($remote, 'GetInfo');
    told("$way: GetInfo", '0 443 admin 0 not_used', join ' ', map { $info->{"New$_"} // 'nothing' } qw(Enabled Port Username LetsEncryptEnabled LetsEncryptState));
    told("$way: all ten results of GetDDNSInfo", 10, scalar keys %{ call($remote, 'GetDDNSInfo') });
    my $list = call($remote, 'GetDDNSProviders')->{NewProviderList} // '';
    told("$way: the providers end with the user-defined one", 'Benutzerdefiniert', ($list =~ m{<ProviderName>([^<]*)}g)[-1]);

    my @set = (
        NewEnabled => 1, NewProviderName => 'Benutzerdefiniert', NewUpdateURL => $url, NewDomain => $domain,
        NewUsername => 'some"one & <co>', NewMode => 'ddns_v4', NewServerIPv4 => '', NewServerIPv6 => '', NewPassword => 'geheim & <co>',
    );
    told("$way: SetDDNSConfig", 'none', call($remote, 'SetDDNSConfig', @set)->{error});
    my $seen = call($remote, 'GetDDNSInfo');
    my %wanted = @set;
    told("$way: $_ is read back", $wanted{$_}, $seen->{$_}) for qw(NewEnabled NewUpdateURL NewDomain NewUsername NewMode);

    told("$way: a mode that there is not", 402, call($remote, 'SetDDNSConfig', %wanted, NewMode => 'ddns_v5')->{error});
    told("$way: an action that there is not", 401, call($remote, 'GetNothing')->{error});
    told("$way: a service that there is not", '404 Not Found', call(client($base, 'Time:1', 'time'), 'GetInfo')->{error});
    ($user, $password) = ('phone', $ENV{PHONE});
    told("$way: a user with few rights", 606, call(client(@remote), 'GetDDNSProviders')->{error});
    ($user, $password) = ('admin', 'wrong');
    told("$way: a wrong password", '401 Unauthorized', call(client(@remote), 'GetInfo')->{error});
    return;
}

# A method of Perl, as FHEM asks for the port: the name of the action begins with a small letter.
my $port = client("http://127.0.0.1:$plain", 'DeviceInfo:1', 'deviceinfo')->getSecurityPort();
told('the port of TLS', $secure, scalar $port->result);
steer('plain', "http://127.0.0.1:$plain", 'perl.example.de');
steer('over TLS', "https://127.0.0.1:$secure", 'lite.example.de');
