// SPDX-License-Identifier: BSL-1.0
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <iostream>
#include <memory>
#include <string>

// A server of gRPC whose health service is that of the library. Prints its port. Each line of its
// input, `NAME` or `!NAME`, makes a service serve or not; its end ends the server.
int main() {
    grpc::EnableDefaultHealthCheckService(true);
    int port = 0;
    grpc::CallbackGenericService others; // without one, the library starts no threads
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&others);
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server)
        return 1;
    std::cout << port << std::endl;
    for (std::string line; std::getline(std::cin, line); std::cout << "done" << std::endl) {
        const bool serves = line.substr(0, 1) != "!";
        const std::string name = line.substr(serves ? 0 : 1);
        if (name.empty())
            server->GetHealthCheckService()->SetServingStatus(serves);
        else
            server->GetHealthCheckService()->SetServingStatus(name, serves);
    }
    server->Shutdown();
}
